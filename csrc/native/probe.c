/* Whether this process may mount in namespaces of its own: tried, in a child, because no sysctl tells the whole. */
#include "base/clone.h"
#include "base/raw.h"
#include "base/uapi.h"
#include "plan/mount.h"
#include "run/launch.h"

enum { PROBE_STACK_SIZE = 16 * 1024 };

struct probe {
	struct ll_state state;
	uint32_t namespaces;
	uint32_t stage;
	int error;
};

/* A run's own steps up to the first mount, which is made and attached nowhere. */
static int try_mount(void *argument)
{
	struct probe *probe = argument;
	struct ll_op op = { .kind = LL_OP_IDENTITY };

	/* What stdio is says nothing of the host, and these are copies. */
	raw_call3(__NR_close_range, 0, 2, 0);
	probe->stage = op.kind;
	probe->error = probe->namespaces & LL_CLONE_NEWUSER ? ll_mount(&probe->state, &op) : 0;
	if (probe->error < 0)
		return 1;
	op.kind = LL_OP_PRIVATE_MOUNTS;
	probe->stage = op.kind;
	probe->error = ll_mount(&probe->state, &op);
	if (probe->error < 0)
		return 1;
	probe->stage = LL_OP_TMPFS;
	probe->error = (int)ll_new_tmpfs(0, 0700, LL_MOUNT_ATTR_NOSUID);
	return probe->error < 0;
}

/*
 * 0, or -errno with the stage that failed: LL_STAGE_CLONE or an op's kind.
 */
LL_EXPORT int32_t ll_probe_mounts(uint32_t namespaces, uint32_t *ret_stage);
LL_EXPORT int32_t ll_probe_mounts(uint32_t namespaces, uint32_t *ret_stage)
{
	_Alignas(16) char stack[PROBE_STACK_SIZE];
	struct probe probe = { .namespaces = namespaces, .stage = LL_STAGE_CLONE };
	const unsigned long flags = LL_CLONE_VM | LL_CLONE_VFORK | LL_SIGCHLD | (unsigned long)namespaces;
	const uint64_t all = ~UINT64_C(0);
	uint64_t before = 0;
	int32_t unused = -1;
	long pid;

	probe.state.uid = (uint32_t)raw_call0(__NR_geteuid);
	probe.state.gid = (uint32_t)raw_call0(__NR_getegid);
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&all), raw_ptr(&before), sizeof(all));
	pid = ll_clone(flags, stack + sizeof(stack), &unused, try_mount, &probe);
	if (pid > 0)
		raw_call4(__NR_wait4, pid, 0, LL_WALL, 0);
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&before), 0, sizeof(before));
	*ret_stage = probe.stage;
	if (pid < 0)
		return (int32_t)pid;
	return probe.error < 0 ? probe.error : 0;
}
