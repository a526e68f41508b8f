#include "run/launch.h"

#include <stdbool.h>

#include "base/clone.h"
#include "base/raw.h"
#include "base/uapi.h"
#include "run/keeper.h"
#include "run/terminal.h"

enum {
	STACK_SIZE = 64 * 1024, /* the deepest path uses under 8 KiB; untouched pages cost nothing */
	CHANNEL_PAIR = 2,
};

/* A list of count + 1 slots: offsets become pointers, in place. Every string ends inside the request. */
static bool relocate(char *base, uint32_t size, uint32_t offset, uint32_t count)
{
	uint64_t *slots = (void *)(base + offset);

	if (offset % 8 != 0 || offset < sizeof(struct ll_launch) || offset > size || count >= (size - offset) / 8)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (slots[i] < sizeof(struct ll_launch) || slots[i] >= size)
			return false;
		slots[i] = (uint64_t)(uintptr_t)(base + slots[i]);
	}
	return slots[count] == 0;
}

/* The last byte of a request is a NUL: so every string that starts inside it ends inside it. */
static int read_launch(char *base, uint32_t size, struct ll_exec *ret_exec)
{
	const struct ll_launch *launch = (const void *)base;

	if (size < sizeof(*launch) + 1 || (uintptr_t)base % 8 != 0 || launch->size != size || base[size - 1] != '\0')
		return -LL_EINVAL;
	if (launch->argc == 0 || launch->candidate_count == 0 || !relocate(base, size, launch->argv, launch->argc) ||
	    !relocate(base, size, launch->envp, launch->envc) ||
	    !relocate(base, size, launch->candidates, launch->candidate_count))
		return -LL_EINVAL;
	*ret_exec = (struct ll_exec){
		.argv = (char *const *)(void *)(base + launch->argv),
		.envp = (char *const *)(void *)(base + launch->envp),
		.candidates = (char *const *)(void *)(base + launch->candidates),
		.changed = LL_ALL_SIGNALS,
		.ignored = launch->ignored,
		.blocked = launch->blocked,
		.limited = true,
		.nofile_soft = launch->nofile_soft,
		.nofile_hard = launch->nofile_hard,
		.stdio_flags = { launch->stdio_flags[0], launch->stdio_flags[1], launch->stdio_flags[2] },
		.closed = launch->closed,
	};
	return 0;
}

static int failed(struct ll_message *ret_failure, uint32_t stage, int32_t op, int error)
{
	*ret_failure = (struct ll_message){ .kind = LL_MESSAGE_FAILED, .stage = stage, .op = op, .errno = -error };
	return error;
}

static uint64_t round_up(uint64_t size)
{
	return (size + 4095) & ~UINT64_C(4095);
}

/* Keeper's stack, workload's stack, warden's stack, the run, and what of plan and launch request isn't NULL, in one
 * mapping that outlives the call. */
static int map_run(const void *plan, uint32_t plan_size, const void *launch, uint32_t launch_size,
		   struct ll_supervisor *own, struct ll_run **ret_run)
{
	const uint64_t run_at = 3 * STACK_SIZE;
	const uint64_t plan_at = run_at + round_up(sizeof(struct ll_run));
	const uint64_t launch_at = plan_at + round_up(plan_size);
	const uint64_t size = launch_at + round_up(launch_size);
	const long base = raw_call6(__NR_mmap, 0, (long)size, LL_PROT_READ | LL_PROT_WRITE,
				    LL_MAP_PRIVATE | LL_MAP_ANONYMOUS, -1, 0);
	char *bytes = (char *)(uintptr_t)base;

	*ret_run = (void *)(bytes + run_at);
	if (base < 0 && base > -4096)
		return (int)base;
	own->mapping = (uint64_t)base;
	own->mapping_size = size;
	own->run = (uint64_t)(uintptr_t)*ret_run;
	if (plan != NULL)
		__builtin_memcpy(bytes + plan_at, plan, plan_size);
	if (launch != NULL)
		__builtin_memcpy(bytes + launch_at, launch, launch_size);
	(*ret_run)->workload_stack = bytes + 2 * STACK_SIZE;
	(*ret_run)->warden_stack = bytes + run_at;
	return 0;
}

/* Where in a run's mapping its parts are. */
static void *plan_bytes(const struct ll_run *run)
{
	return (char *)run + round_up(sizeof(*run));
}

static void prepare_state(struct ll_run *run)
{
	run->state = (struct ll_state){
		.plan = &run->plan,
		.exec = &run->exec,
		.uid = (uint32_t)raw_call0(__NR_geteuid),
		.gid = (uint32_t)raw_call0(__NR_getegid),
	};
}

static int check_run(struct ll_run *run, uint32_t plan_size, uint32_t launch_size, struct ll_message *ret_failure)
{
	char *launch = (char *)plan_bytes(run) + round_up(plan_size);
	int32_t op = -1;
	int ret = ll_plan_check(plan_bytes(run), plan_size, &run->plan, &op);

	if (ret < 0)
		return failed(ret_failure, LL_STAGE_PLAN, op, ret);
	ret = read_launch(launch, launch_size, &run->exec);
	if (ret < 0)
		return failed(ret_failure, LL_STAGE_LAUNCH, -1, ret);
	run->launch_flags = ((const struct ll_launch *)(const void *)launch)->flags;
	prepare_state(run);
	return 0;
}

/* All signals blocked: one that arrived between clone and exec would run our handlers in the child, on our memory. */
static int clone_keeper(struct ll_run *run, const int32_t pair[CHANNEL_PAIR], struct ll_supervisor *own,
			struct ll_message *ret_failure)
{
	const unsigned long flags =
		LL_CLONE_VM | LL_CLONE_PIDFD | LL_SIGCHLD | (unsigned long)run->plan.header->namespaces;
	char *keeper_stack = (char *)run - 2 * STACK_SIZE;
	long pid;

	run->channel = pair[1];
	pid = ll_clone_blocked(flags, keeper_stack, &own->keeper_pidfd, ll_keeper, run);
	raw_call1(__NR_close, pair[1]);
	if (pid < 0) {
		raw_call1(__NR_close, pair[0]);
		return failed(ret_failure, LL_STAGE_CLONE, -1, (int)pid);
	}
	own->keeper_pid = (int32_t)pid;
	own->channel = pair[0];
	return 0;
}

/* Clones the keeper of a run that is complete; on failure its mapping is given back. */
static int start_run(struct ll_run *run, struct ll_supervisor *own, struct ll_message *ret_failure)
{
	int32_t pair[CHANNEL_PAIR];
	int ret;

	own->foreground = ll_terminal_foreground();
	ret = (int)raw_call4(__NR_socketpair, LL_AF_UNIX, LL_SOCK_SEQPACKET | LL_SOCK_CLOEXEC, 0, raw_ptr(pair));
	if (ret < 0)
		failed(ret_failure, LL_STAGE_CHANNEL, -1, ret);
	else
		ret = clone_keeper(run, pair, own, ret_failure);
	if (ret < 0)
		ll_unmap_run(own);
	return ret;
}

int ll_spawn(const void *plan, uint32_t plan_size, void *launch, uint32_t launch_size, struct ll_supervisor *own,
	     struct ll_message *ret_failure)
{
	struct ll_run *run = NULL;
	int ret = map_run(plan, plan_size, launch, launch_size, own, &run);

	if (ret < 0)
		return failed(ret_failure, LL_STAGE_LAUNCH, -1, ret);
	ret = check_run(run, plan_size, launch_size, ret_failure);
	own->flags = run->launch_flags;
	if (ret == 0)
		return start_run(run, own, ret_failure);
	ll_unmap_run(own);
	return ret;
}

int ll_spawn_exec(const struct ll_plan *plan, const struct ll_exec *exec, struct ll_supervisor *own,
		  struct ll_message *ret_failure)
{
	struct ll_run *run = NULL;
	int ret = map_run(NULL, 0, NULL, 0, own, &run);

	if (ret < 0)
		return failed(ret_failure, LL_STAGE_LAUNCH, -1, ret);
	run->plan = *plan;
	run->exec = *exec;
	run->launch_flags = own->flags;
	prepare_state(run);
	return start_run(run, own, ret_failure);
}

void ll_unmap_run(struct ll_supervisor *own)
{
	if (own->mapping != 0)
		raw_call2(__NR_munmap, (long)own->mapping, (long)own->mapping_size);
	own->mapping = own->run = 0;
}

int32_t ll_become_state(struct ll_state *state, struct ll_message *ret_failure)
{
	const struct ll_sigaction ignore = { .handler = 1 };
	const uint64_t all = ~UINT64_C(0);
	const struct ll_plan *plan = state->plan;
	uint64_t before = 0;
	int ret = 0;

	/* A PID namespace needs an init; a process with threads gets no user namespace (EINVAL). */
	if (plan->header->namespaces & LL_CLONE_NEWPID)
		return failed(ret_failure, LL_STAGE_PLAN, -1, -LL_EINVAL);
	if (plan->header->namespaces != 0)
		ret = (int)raw_call1(__NR_unshare, (long)plan->header->namespaces);
	if (ret < 0)
		return failed(ret_failure, LL_STAGE_CLONE, -1, ret);
	state->channel = -1;
	/* Until the restore op gives the workload's dispositions back, no signal meets a half-changed process. */
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&all), raw_ptr(&before), sizeof(all));
	ret = ll_apply(state, 0, plan->header->op_count);
	if (ret < 0)
		ret = failed(ret_failure, plan->ops[state->failed_op].kind, state->failed_op, ret);
	else
		ret = failed(ret_failure, LL_STAGE_EXEC, -1, ll_exec(state->exec));
	/* Back to a process that can say so, on a stderr that may be a closed pipe. */
	raw_call4(__NR_rt_sigaction, LL_SIGPIPE, raw_ptr(&ignore), 0, sizeof(ignore.mask));
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&before), 0, sizeof(before));
	return ret;
}

int32_t ll_become(const void *plan, uint32_t plan_size, void *launch, uint32_t launch_size,
		  struct ll_message *ret_failure)
{
	struct ll_supervisor mapping = { 0 };
	struct ll_run *run = NULL;
	int ret = map_run(plan, plan_size, launch, launch_size, &mapping, &run);

	if (ret < 0)
		return failed(ret_failure, LL_STAGE_LAUNCH, -1, ret);
	ret = check_run(run, plan_size, launch_size, ret_failure);
	return ret < 0 ? ret : ll_become_state(&run->state, ret_failure);
}
