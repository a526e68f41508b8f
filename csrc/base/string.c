/* The compiler may call these for struct copies and loops even where there is no libc (GCC manual, -ffreestanding). */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

#if defined(__x86_64__)
/* The direction flag is clear on every entry to a function (System V ABI). */
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *out = to;

	__asm__ volatile("rep movsb" : "+D"(out), "+S"(from), "+c"(size) : : "memory");
	return to;
}

void *memset(void *to, int value, size_t size)
{
	void *out = to;

	__asm__ volatile("rep stosb" : "+D"(out), "+c"(size) : "a"(value) : "memory");
	return to;
}
#else
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
#endif
