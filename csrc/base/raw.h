/*
 * Raw system calls, without libc: code between clone and execve, and the
 * front, run where errno, locks and the allocator don't exist.
 *
 * Each returns what the kernel returned: >= 0, or -errno.
 */
#ifndef LL_RAW_H
#define LL_RAW_H

#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)

static inline long raw_call6(long number, long a, long b, long c, long d, long e, long f)
{
	long ret;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long raw_call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}

#else
#error "landlockd knows x86_64 and aarch64"
#endif

#define raw_call5(n, a, b, c, d, e) raw_call6(n, a, b, c, d, e, 0)
#define raw_call4(n, a, b, c, d) raw_call6(n, a, b, c, d, 0, 0)
#define raw_call3(n, a, b, c) raw_call6(n, a, b, c, 0, 0, 0)
#define raw_call2(n, a, b) raw_call6(n, a, b, 0, 0, 0, 0)
#define raw_call1(n, a) raw_call6(n, a, 0, 0, 0, 0, 0)
#define raw_call0(n) raw_call6(n, 0, 0, 0, 0, 0, 0)

/* A pointer as a system call's argument. */
static inline long raw_ptr(const volatile void *pointer)
{
	return (long)(uintptr_t)pointer;
}

#endif
