#include "front/room.h"

#include "base/clone.h"
#include "base/raw.h"
#include "base/uapi.h"

#include <stddef.h>

#define KIB UINT64_C(1024)

/*
 * The least with which Bun 1.4.5 starts, loads a policy and supervises a run,
 * told as it is (ulimit -v of 350,000 and -d of 250,000, -n 7 and -s 196) and
 * with room for the largest policy. test/run/room.test.ts has both sides.
 */
static const struct need {
	int resource; /* RLIMIT_ number */
	bool hard;    /* Bun raises the soft limit to the hard one */
	uint64_t least;
	uint64_t unit_bytes; /* in which ulimit tells it */
	const char *what;
	const char *unit;
} needs[] = {
	{ LL_RLIMIT_AS, false, 640 * 1024 * KIB, KIB, "ulimit -v", " KiB of address space" },
	{ LL_RLIMIT_DATA, false, 512 * 1024 * KIB, KIB, "ulimit -d", " KiB of data" },
	{ LL_RLIMIT_STACK, false, 256 * KIB, KIB, "ulimit -s", " KiB of stack" },
	{ LL_RLIMIT_NOFILE, true, 24, 1, "ulimit -n", " open files" },
};

/* Whether a page may be written and executed, as Bun's compiler needs it: EACCES, EPERM. */
static int try_code(void)
{
	const long page = raw_call6(__NR_mmap, 0, 4096, LL_PROT_READ | LL_PROT_WRITE | LL_PROT_EXEC,
				    LL_MAP_PRIVATE | LL_MAP_ANONYMOUS, -1, 0);

	if (page < 0)
		return (int)page;
	raw_call2(__NR_munmap, page, 4096);
	return 0;
}

/* Threads that Bun starts at once: two of its compiler and one of its allocator were seen. */
enum { TASKS = 4, TASK_STACK_SIZE = 1024 };

/* To try takes a fiftieth of a cold start: where a user's limit is far from here, it is as good as none. */
#define FEW_TASKS 1024
#define FEW_FILES 256

struct tasks {
	int left;
	int error;
	uint8_t stacks[TASKS][TASK_STACK_SIZE] __attribute__((aligned(16)));
};

/* Each waits for the next one's end, so that all of them are there at once. */
static int start_task(void *argument)
{
	struct tasks *tasks = argument;
	long pid;

	if (tasks->left == 0)
		return 0;
	tasks->left--;
	/* No signal tells of its end. */
	pid = ll_clone(LL_CLONE_VM | LL_CLONE_VFORK, tasks->stacks[tasks->left] + TASK_STACK_SIZE, NULL, start_task,
		       tasks);
	if (pid < 0)
		tasks->error = (int)pid;
	else
		raw_call4(__NR_wait4, pid, 0, LL_WALL, 0);
	return 0;
}

/* Whether as many tasks as Bun starts can be there. Only trying tells: limits count a user's or a container's. EAGAIN.
 */
static int try_tasks(void)
{
	struct tasks tasks = { .left = TASKS };

	start_task(&tasks);
	return tasks.error;
}

/* Descriptors that Bun and landlockd have open at once, without a broker's. */
enum { FILES = 12 };

/* What landlockd inherited may have taken what the limit leaves. Bun raises the soft limit as here. EMFILE, ENFILE. */
static int try_files(const struct ll_start *start)
{
	const struct ll_rlimit raised = {
		.soft = start->rlimits[LL_RLIMIT_NOFILE].hard,
		.hard = start->rlimits[LL_RLIMIT_NOFILE].hard,
	};
	long fds[FILES];
	long error = raw_call4(__NR_prlimit64, 0, LL_RLIMIT_NOFILE, raw_ptr(&raised), 0);
	size_t count = 0;

	while (error >= 0 && count < FILES) {
		error = raw_call3(__NR_fcntl, 0, LL_F_DUPFD_CLOEXEC, 0);
		if (error >= 0)
			fds[count++] = error;
	}
	while (count > 0)
		raw_call1(__NR_close, fds[--count]);
	return error < 0 ? (int)error : 0;
}

bool ll_front_is_cramped(const struct ll_start *start)
{
	return start->rlimits[LL_RLIMIT_AS].soft != UINT64_MAX || start->rlimits[LL_RLIMIT_DATA].soft != UINT64_MAX;
}

bool ll_front_is_within(const struct ll_start *start, struct ll_lack *ret_lack)
{
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		const struct need *need = &needs[i];
		const struct ll_start_rlimit *limit = &start->rlimits[need->resource];
		const uint64_t has = need->hard ? limit->hard : limit->soft;

		if (has >= need->least)
			continue;
		*ret_lack = (struct ll_lack){
			.what = need->what,
			.unit = need->unit,
			.has = has / need->unit_bytes,
			.needs = need->least / need->unit_bytes,
		};
		return false;
	}
	return true;
}

bool ll_front_room(const struct ll_start *start, struct ll_lack *ret_lack)
{
	int error;

	if (!ll_front_is_within(start, ret_lack))
		return false;
	*ret_lack = (struct ll_lack){
		.what = "memory that is written and executed is refused here, as MemoryDenyWriteExecute= of a systemd unit does",
	};
	error = try_code();
	if (error == 0 && start->rlimits[LL_RLIMIT_NPROC].soft < FEW_TASKS) {
		ret_lack->what = "ulimit -u leaves no room for its threads";
		error = try_tasks();
	}
	if (error == 0 && start->rlimits[LL_RLIMIT_NOFILE].hard < FEW_FILES) {
		ret_lack->what = "ulimit -n leaves no room beside the files that it was started with";
		error = try_files(start);
	}
	ret_lack->error = -error;
	return error == 0;
}
