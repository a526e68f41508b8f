/* What only trying tells, in a child: whether this process may mount in namespaces of its own, and have a listener. */
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

/* The child shares our memory, waited for, and no signal is its. Its pid, or -errno. */
static long probe_by(unsigned long flags, int (*entry)(void *), void *argument)
{
	_Alignas(16) char stack[PROBE_STACK_SIZE];
	int32_t unused = -1;
	const long pid = ll_clone_blocked(LL_CLONE_VM | LL_CLONE_VFORK | LL_SIGCHLD | flags, stack + sizeof(stack),
					  &unused, entry, argument);

	if (pid > 0)
		raw_call4(__NR_wait4, pid, 0, LL_WALL, 0);
	return pid;
}

static int try_listener(void *argument)
{
	/* struct sock_filter: BPF_RET | BPF_K, and what is returned. */
	const uint64_t allow = (uint64_t)LL_SECCOMP_RET_ALLOW << 32 | 0x06;
	const struct ll_sock_fprog program = { .len = 1, .filter = &allow };
	int *ret_error = argument;
	long ret;

	ret = raw_call5(__NR_prctl, LL_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (ret == 0)
		ret = raw_call3(__NR_seccomp, LL_SECCOMP_SET_MODE_FILTER, LL_SECCOMP_FILTER_FLAG_NEW_LISTENER,
				raw_ptr(&program));
	*ret_error = ret < 0 ? (int)ret : 0;
	return 0;
}

/* Whether a broker's filter could have a listener: 0, or -errno. EBUSY: a filter around this process has one. */
LL_EXPORT int32_t ll_probe_listener(void);
LL_EXPORT int32_t ll_probe_listener(void)
{
	int error = 0;
	const long pid = probe_by(0, try_listener, &error);

	return pid < 0 ? (int32_t)pid : error;
}

/*
 * 0, or -errno with the stage that failed: LL_STAGE_CLONE or an op's kind.
 */
LL_EXPORT int32_t ll_probe_mounts(uint32_t namespaces, uint32_t *ret_stage);
LL_EXPORT int32_t ll_probe_mounts(uint32_t namespaces, uint32_t *ret_stage)
{
	struct probe probe = { .namespaces = namespaces, .stage = LL_STAGE_CLONE };
	long pid;

	probe.state.uid = (uint32_t)raw_call0(__NR_geteuid);
	probe.state.gid = (uint32_t)raw_call0(__NR_getegid);
	pid = probe_by(namespaces, try_mount, &probe);
	*ret_stage = probe.stage;
	if (pid < 0)
		return (int32_t)pid;
	return probe.error < 0 ? probe.error : 0;
}
