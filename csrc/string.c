/* The compiler may call these for struct copies and loops even where there is no libc (GCC manual, -ffreestanding). */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	volatile char *out = to; /* volatile: or the compiler makes this loop a call of memcpy */
	const char *in = from;

	while (size-- > 0)
		*out++ = *in++;
	return to;
}

void *memset(void *to, int value, size_t size)
{
	volatile unsigned char *out = to;

	while (size-- > 0)
		*out++ = (unsigned char)value;
	return to;
}
