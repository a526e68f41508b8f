/*
 * Performs a plan that is linked in, and executes a command: PROGRAM [ARG...],
 * the program by its path. What landlockd does around that is missing: nothing
 * is read, found, authenticated or told. So this is what the kernel takes for
 * a policy, by the interpreter that landlockd has.
 */
#include "base/raw.h"
#include "plan/apply.h"

__asm__(".pushsection .rodata\n"
	".balign 8\n"
	"plan_file: .incbin \"" PLAN "\"\n"
	"plan_file_end: .byte 0\n"
	".popsection\n"
	".globl _start\n"
	"_start:\n"
#if defined(__x86_64__)
	"	mov %rsp, %rdi\n"
	"	call perform\n"
#elif defined(__aarch64__)
	"	mov x0, sp\n"
	"	bl perform\n"
#endif
);

extern const uint8_t plan_file[] __asm__("plan_file");
extern const uint8_t plan_file_end[] __asm__("plan_file_end");

_Noreturn void perform(uint64_t *sp) __attribute__((used));

_Noreturn void perform(uint64_t *sp)
{
	char **argv = (char **)(sp + 2);
	char *const candidates[] = { argv[0], NULL };
	const struct ll_exec exec = { .argv = argv, .envp = (char **)(sp + sp[0] + 2), .candidates = candidates };
	const size_t size = (size_t)(plan_file_end - plan_file) - sizeof(struct ll_plan_file);
	struct ll_plan plan;
	int32_t op;
	struct ll_state state = { .plan = &plan, .exec = &exec, .channel = -1 };

	if (sp[0] >= 2 && ll_plan_check(plan_file + sizeof(struct ll_plan_file), size, &plan, &op) == 0 &&
	    ll_apply(&state, 0, plan.header->op_count) == 0)
		ll_exec(&exec);
	for (;;)
		raw_call1(__NR_exit_group, 125);
}
