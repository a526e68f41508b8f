/* The parts of the front: the program that the kernel starts in place of Bun. */
#ifndef LL_FRONT_H
#define LL_FRONT_H

#include "native/start.h"
#include "plan/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One entry of the auxiliary vector, as getauxval(3) knows it. */
struct ll_aux {
	uint64_t type;
	uint64_t value;
};

/* What the kernel put on the initial stack. Borrowed, never written. */
struct ll_stack {
	uint64_t argc;
	char **argv;
	char **envp;
	const struct ll_aux *auxv;
	size_t envc;
	size_t auxc; /* without AT_NULL */
};

/* Where to jump to start Bun. */
struct ll_interp {
	uint64_t base;
	uint64_t entry;
};

/*
 * Takes down what landlockd was started with, as far as it changes at once:
 * arguments, environment, standard streams. Opens /dev/null on those of
 * fds 0, 1, 2 that are closed, so that nothing that landlockd opens lands
 * there. Returns 0, or -errno where /dev/null can't be had.
 */
int ll_front_record(const struct ll_stack *stack, struct ll_start *ret_start);

/*
 * Takes down the rest: signals and limits, some eighty system calls. Not for a
 * process that becomes its workload and touches none of them; for whatever
 * else, before anything changes them. Sets the record's version: until then it
 * isn't complete. 0 or -errno; done once.
 */
int ll_front_record_rest(struct ll_start *start);

/* Whether Bun may see this NAME=VALUE; see front/env.c. */
bool ll_front_env_passes(const char *entry);

struct ll_link;

/* What Bun is mapped from: the file that the kernel executed, whatever has its name by now. */
#define LL_SELF "/proc/self/exe"

/*
 * Maps Bun's segments, which the kernel leaves to the front: a run that needs
 * no Bun starts faster without them. Returns 0 or -errno: what open(2),
 * pread(2) and mmap(2) return (EEXIST: something is in the way), -ENOEXEC for
 * a file that isn't what the link step wrote.
 */
int ll_bun_map(const struct ll_link *link, size_t page_bytes);

/*
 * Maps the ELF interpreter at path as the kernel would. Returns 0 or -errno:
 * what open(2), pread(2) and mmap(2) return, -ENOEXEC for a file that isn't
 * an interpreter for this machine.
 */
int ll_interp_map(const char *path, size_t page_bytes, struct ll_interp *ret_interp);

/*
 * landlockd can't start: writes "landlockd: WHAT PATH: ERROR" to stderr and exits with what src/cli/main.ts ends with:
 * 125 for a run, 2 for any other command.
 */
_Noreturn void ll_front_fail_start(const struct ll_stack *stack, const char *what, const char *path, int error);

/* The same with "landlockd: FIRSTSECOND". */
_Noreturn void ll_front_refuse(const struct ll_stack *stack, const char *first, const char *second);

struct ll_lack;

/* The same with what Bun lacks; front/room.h. */
_Noreturn void ll_front_fail_room(const struct ll_stack *stack, const struct ll_lack *lack);

/* A run failed: writes "landlockd: WHAT PATH: ERROR" to stderr and exits with 125. */
_Noreturn void ll_front_fail(const char *what, const char *path, int error);

/* The same with "landlockd: FIRSTSECOND". */
_Noreturn void ll_front_say(const char *first, const char *second);

/* Tells what a run of this checked plan goes without on this host, where it goes without anything. */
void ll_front_tell_notes(const struct ll_plan *plan);

/* A line on which nothing depends: landlockd: BEFORE"PATH"AFTER. */
void ll_front_tell(const char *before, const char *path, const char *after);

/*
 * Writes "landlockd: FIRSTSECOND" to stderr, with the error where that isn't 0, and ends as a run does whose workload
 * was killed: for one that had begun, and that landlockd has ended. 125 would say that it never ran.
 */
_Noreturn void ll_front_ended(const char *first, const char *second, int error);

/* Tells how many audit events were lost, and why the last of them was. */
void ll_front_tell_lost(unsigned int events, int error);

/* Tells that an operation of a plan failed, and how to have its place told, and exits with 125. */
_Noreturn void ll_front_fail_setup(const char *subject, int error);

/* Tells that a command can't be executed, in the words of src/cli/explain.ts, and exits with status. */
_Noreturn void ll_front_fail_exec(const char *name, int error, int status);

#endif
