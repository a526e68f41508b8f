/*
 * The two functions that gcc calls by itself even in freestanding code. The
 * front links them; libsandbox.so has libc's.
 */
#include <stddef.h>

void *memcpy(void *restrict target, const void *restrict source, size_t size_bytes);
void *memset(void *target, int byte, size_t size_bytes);

/* Else gcc would make each loop a call to the function that it is in. */
#define NO_IDIOM __attribute__((optimize("no-tree-loop-distribute-patterns")))

NO_IDIOM void *memcpy(void *restrict target, const void *restrict source, size_t size_bytes)
{
	unsigned char *out = target;
	const unsigned char *in = source;

	for (size_t i = 0; i < size_bytes; i++)
		out[i] = in[i];
	return target;
}

NO_IDIOM void *memset(void *target, int byte, size_t size_bytes)
{
	unsigned char *out = target;

	for (size_t i = 0; i < size_bytes; i++)
		out[i] = (unsigned char)byte;
	return target;
}
