#include "base/clone.h"

#include "base/raw.h"
#include "base/uapi.h"

#include <asm/unistd.h>

/*
 * In assembly because the child returns from the system call on an empty
 * stack. The C library's clone() would do, but the front has no C library.
 */
#if defined(__x86_64__)
/* rdi flags, rsi stack, rdx pidfd, rcx entry, r8 argument */
__asm__(".pushsection .text\n"
	".globl ll_clone\n"
	".hidden ll_clone\n"
	".type ll_clone, @function\n"
	"ll_clone:\n"
	"	sub $16, %rsi\n"
	"	mov %rcx, 0(%rsi)\n"
	"	mov %r8, 8(%rsi)\n"
	"	xor %r10d, %r10d\n"
	"	xor %r8d, %r8d\n"
	"	mov $56, %eax\n" /* __NR_clone */
	"	syscall\n"
	"	test %rax, %rax\n"
	"	jnz 1f\n"
	"	xor %ebp, %ebp\n"
	"	pop %rax\n"
	"	pop %rdi\n"
	"	call *%rax\n"
	"	mov %eax, %edi\n"
	"	mov $231, %eax\n" /* __NR_exit_group */
	"	syscall\n"
	"	hlt\n"
	"1:	ret\n"
	".size ll_clone, . - ll_clone\n"
	".popsection\n");
_Static_assert(__NR_clone == 56 && __NR_exit_group == 231, "as written above");
#elif defined(__aarch64__)
/* x0 flags, x1 stack, x2 pidfd, x3 entry, x4 argument; the kernel takes tls in x3, child_tid in x4 */
__asm__(".pushsection .text\n"
	".globl ll_clone\n"
	".hidden ll_clone\n"
	".type ll_clone, %function\n"
	"ll_clone:\n"
	"	stp x3, x4, [x1, #-16]!\n"
	"	mov x3, #0\n"
	"	mov x4, #0\n"
	"	mov x8, #220\n" /* __NR_clone */
	"	svc #0\n"
	"	cbnz x0, 1f\n"
	"	mov x29, #0\n"
	"	ldp x1, x0, [sp], #16\n"
	"	blr x1\n"
	"	mov x8, #94\n" /* __NR_exit_group */
	"	svc #0\n"
	"	brk #0\n"
	"1:	ret\n"
	".size ll_clone, . - ll_clone\n"
	".popsection\n");
_Static_assert(__NR_clone == 220 && __NR_exit_group == 94, "as written above");
#endif

long ll_clone_blocked(unsigned long flags, void *stack_top, int32_t *ret_pidfd, int (*entry)(void *), void *argument)
{
	const uint64_t all = ~UINT64_C(0);
	uint64_t before = 0;
	long pid;

	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&all), raw_ptr(&before), sizeof(all));
	pid = ll_clone(flags, stack_top, ret_pidfd, entry, argument);
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&before), 0, sizeof(before));
	return pid;
}
