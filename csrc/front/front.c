/*
 * The front: what the kernel starts when landlockd is executed. It takes down
 * what Bun is about to change (start.h) and runs what a stored plan serves
 * (front/run.h). For all else it gives Bun a scrubbed environment, maps it and the
 * interpreter that Bun's PT_INTERP names and jumps to it: from there on Bun
 * starts as it always does.
 *
 * Freestanding: no libc, no writable data but the stack.
 */
#include "front/front.h"
#include "base/raw.h"
#include "front/link.h"
#include "front/needs.h"
#include "front/room.h"
#include "front/run.h"
#include "run/supervisor.h"

#include <elf.h>
#include <errno.h>

void ll_front_main(uint64_t *sp) __attribute__((noreturn, used));

#if defined(__x86_64__)
__asm__(".pushsection .text\n"
	".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	call ll_front_main\n"
	"	ud2\n"
	".size _start, . - _start\n"
	".popsection\n");

/* The ABI wants rdx 0 here (no exit function) and rbp 0 (the outermost frame). */
static _Noreturn void jump(const void *sp, uint64_t entry)
{
	__asm__ volatile("mov %0, %%rsp\n\t"
			 "xor %%edx, %%edx\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "jmp *%1"
			 :
			 : "r"(sp), "a"(entry)
			 : "rdx", "memory");
	__builtin_unreachable();
}
#elif defined(__aarch64__)
__asm__(".pushsection .text\n"
	".globl _start\n"
	".type _start, %function\n"
	"_start:\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x0, sp\n"
	"	bl ll_front_main\n"
	"	brk #1\n"
	".size _start, . - _start\n"
	".popsection\n");

/* x16: the register through which a BTI-protected entry may be reached. */
static _Noreturn void jump(const void *sp, uint64_t entry)
{
	register uint64_t target __asm__("x16") = entry;
	register const void *stack __asm__("x17") = sp;

	__asm__ volatile("mov sp, %0\n\t"
			 "mov x0, #0\n\t"
			 "mov x29, #0\n\t"
			 "mov x30, #0\n\t"
			 "br %1"
			 :
			 : "r"(stack), "r"(target)
			 : "x0", "x30", "memory");
	__builtin_unreachable();
}
#endif

/* Splits the initial stack: argc, argv, NULL, envp, NULL, auxv. */
static struct ll_stack read_stack(uint64_t *sp)
{
	struct ll_stack stack = { .argc = sp[0], .argv = (char **)(sp + 1) };

	stack.envp = stack.argv + stack.argc + 1;
	while (stack.envp[stack.envc])
		stack.envc++;
	stack.auxv = (const struct ll_aux *)(const void *)(stack.envp + stack.envc + 1);
	while (stack.auxv[stack.auxc].type != AT_NULL)
		stack.auxc++;
	return stack;
}

static uint64_t read_aux(const struct ll_stack *stack, uint64_t type)
{
	for (size_t i = 0; i < stack->auxc; i++)
		if (stack->auxv[i].type == type)
			return stack->auxv[i].value;
	return 0;
}

/* The kernel's entries stay, but for those that describe the front instead of Bun. */
static struct ll_aux *write_aux(const struct ll_stack *stack, const struct ll_interp *interp,
				const struct ll_start *start, struct ll_aux *out)
{
	const struct ll_link *link = &ll_link_record;
	const struct ll_aux ours[] = {
		{ AT_PHDR, link->bun_phdr },
		{ AT_PHNUM, link->bun_phnum },
		{ AT_ENTRY, link->bun_entry },
		{ AT_BASE, interp->base },
		{ AT_LANDLOCKD, (uint64_t)(uintptr_t)start },
	};
	const size_t count = sizeof(ours) / sizeof(ours[0]);

	for (size_t i = 0; i < stack->auxc; i++) {
		bool replaced = false;

		for (size_t j = 0; j < count; j++)
			replaced |= stack->auxv[i].type == ours[j].type;
		if (!replaced)
			*out++ = stack->auxv[i];
	}
	for (size_t j = 0; j < count; j++)
		*out++ = ours[j];
	*out++ = (struct ll_aux){ AT_NULL, 0 };
	return out;
}

/*
 * Of the front's own for Bun: without it, JavaScriptCore starts a thread at
 * the first dozens of blocks of its heap, which touches some megabytes of
 * blocks in advance. A start is over before they are used, and waits for the
 * thread's end in execve(2).
 */
static const char bun_setting[] = "BUN_JSC_useWarmUpMarkedBlocks=0";

/*
 * Where memory is limited: Bun reserves 10 GiB of addresses by itself, and dies where it can't have them. With these
 * it is a third of one.
 */
static const char *const cramped_settings[] = {
	"BUN_JSC_jitMemoryReservationSize=33554432",
	"BUN_JSC_structureHeapSizeInKB=65536",
	"MIMALLOC_ARENA_RESERVE=65536",
};
#define CRAMPED_SETTINGS (sizeof(cramped_settings) / sizeof(cramped_settings[0]))

/* Words that Bun's initial stack takes at most. */
static size_t bun_stack_words(const struct ll_stack *stack)
{
	return 1 + stack->argc + 1 + stack->envc + 1 + CRAMPED_SETTINGS + 1 + 2 * (stack->auxc + 6);
}

/* Writes Bun's initial stack to words: the same arguments, what is left of the environment. */
static void write_bun_stack(const struct ll_stack *stack, const struct ll_interp *interp, const struct ll_start *start,
			    uint64_t *words)
{
	uint64_t *out = words;

	*out++ = stack->argc;
	for (size_t i = 0; i <= stack->argc; i++)
		*out++ = (uint64_t)(uintptr_t)stack->argv[i];
	for (size_t i = 0; i < stack->envc; i++)
		if (ll_front_env_passes(stack->envp[i]))
			*out++ = (uint64_t)(uintptr_t)stack->envp[i];
	*out++ = (uint64_t)(uintptr_t)bun_setting;
	for (size_t i = 0; i < CRAMPED_SETTINGS && ll_front_is_cramped(start); i++)
		*out++ = (uint64_t)(uintptr_t)cramped_settings[i];
	*out++ = 0;
	write_aux(stack, interp, start, (struct ll_aux *)(void *)out);
}

/* A run that waits for Bun is over. */
static _Noreturn void end_run(struct ll_supervisor *run, const char *what, int error)
{
	ll_supervisor_end(run);
	ll_front_ended("the broker failed, and the run was ended: ", what, error);
}

/* What Bun would crash over, or end for with a status that isn't true. run: that waits for it, or NULL. */
static void check_needs(const struct ll_stack *stack, struct ll_supervisor *run, const struct ll_start *start)
{
	struct ll_lack lack;
	int error = 0;
	const char *call = ll_front_lacks(run != NULL, &error);

	if (call != NULL && run != NULL)
		end_run(run, call, error);
	if (call != NULL)
		ll_front_fail_start(stack, "cannot start, because of a system call that fails here:", call, error);
	if (ll_front_room(start, &lack))
		return;
	if (run != NULL)
		end_run(run, lack.what, lack.error);
	ll_front_fail_room(stack, &lack);
}

/* What a reader can do something about has words. */
static _Noreturn void fail_bun(const struct ll_stack *stack, int error)
{
	if (error == -ENOENT)
		ll_front_refuse(stack, "cannot start without /proc: ", "mount it");
	if (error == -EACCES)
		ll_front_refuse(stack, "cannot read its own executable: ", "give read permission on it");
	ll_front_fail_start(stack, "cannot map Bun from", LL_SELF, -error);
}

/* Without the GNU C library there is nothing to load Bun with. */
static _Noreturn void fail_interp(const struct ll_stack *stack, const char *path, int error)
{
	if (error == -ENOENT)
		ll_front_refuse(stack, "cannot start without the GNU C library, whose loader is ", path);
	ll_front_fail_start(stack, "cannot load the interpreter", path, -error);
}

void ll_front_main(uint64_t *sp)
{
	const struct ll_stack stack = read_stack(sp);
	const struct ll_link *link = &ll_link_record;
	const char *interp_path;
	struct ll_start start;
	struct ll_supervisor own;
	struct ll_supervisor *run;
	struct ll_interp interp;
	int error;

	if (link->magic != LL_LINK_MAGIC)
		ll_front_fail_start(&stack, "cannot read the link record of", "the executable", ENOEXEC);
	if (stack.argc < 1)
		ll_front_fail_start(&stack, "cannot start without", "argv[0]", EINVAL);
	error = ll_front_record(&stack, &start);
	if (error < 0)
		ll_front_fail_start(&stack, "cannot fill a closed standard stream with", "/dev/null", -error);
	__builtin_memcpy(start.build, link->build, sizeof(start.build));
	if (read_aux(&stack, AT_SECURE) == 0)
		start.supervisor = (uint64_t)(uintptr_t)ll_front_run(&stack, &start, link, &own);
	/* Bun doesn't start there, and says so in its own words. A run that goes on needs no folder. */
	if (raw_call2(__NR_getcwd, raw_ptr(&interp), 1) == -ENOENT &&
	    (start.supervisor == 0 || raw_call1(__NR_chdir, raw_ptr("/")) < 0))
		ll_front_refuse(&stack, "the working directory was removed: ", "cd to one that is there");
	error = ll_front_record_rest(&start);
	if (error < 0)
		ll_front_fail_start(&stack, "cannot take down signals and limits of", "this process", -error);
	run = start.supervisor == 0 ? NULL : &own;
	check_needs(&stack, run, &start);
	error = ll_bun_map(link, read_aux(&stack, AT_PAGESZ));
	if (error < 0 && run != NULL)
		end_run(run, LL_SELF, -error);
	if (error < 0)
		fail_bun(&stack, error);
	/* In Bun's first segment. */
	interp_path = (const char *)(uintptr_t)link->interp;
	error = ll_interp_map(interp_path, read_aux(&stack, AT_PAGESZ), &interp);
	if (error < 0 && run != NULL)
		end_run(run, interp_path, -error);
	if (error < 0)
		fail_interp(&stack, interp_path, error);

	/* Below the record: Bun's stack grows down from here and leaves it alone. */
	uint64_t *words = __builtin_alloca_with_align(bun_stack_words(&stack) * sizeof(*words), 128);

	write_bun_stack(&stack, &interp, &start, words);
	jump(words, interp.entry);
}
