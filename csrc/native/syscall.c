/* Raw system calls on JavaScript's behalf. */
#include "base/raw.h"
#include "run/launch.h"

/*
 * Every argument is a double: exact for 53 bits, which holds each fd, flag,
 * size and user-space address (47 bits), and the one type that JavaScript
 * numbers need no conversion for. What the kernel returned, as a double.
 */
LL_EXPORT double ll_syscall(int32_t number, double a, double b, double c, double d, double e, double f);
LL_EXPORT double ll_syscall(int32_t number, double a, double b, double c, double d, double e, double f)
{
	return (double)raw_call6(number, (long)a, (long)b, (long)c, (long)d, (long)e, (long)f);
}

/* The digest of the layout that this library was built with, to compare before the first use. */
LL_EXPORT void ll_layout_digest(uint32_t ret_digest[8]);
LL_EXPORT void ll_layout_digest(uint32_t ret_digest[8])
{
	static const uint32_t digest[8] = LL_LAYOUT_DIGEST;

	for (int i = 0; i < 8; i++)
		ret_digest[i] = digest[i];
}
