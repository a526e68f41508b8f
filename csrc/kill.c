#include "kill.h"

#include "raw.h"
#include "uapi.h"

void ll_open_children(void)
{
	const long fd = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr("/proc/thread-self/children"), LL_O_CLOEXEC, 0);

	if (fd < 0 || fd == LL_CHILDREN_FD)
		return;
	raw_call3(__NR_dup3, fd, LL_CHILDREN_FD, LL_O_CLOEXEC);
	raw_call1(__NR_close, fd);
}

/* Children of this process, as the kernel lists them; false where it doesn't. */
static bool kill_children(void)
{
	char text[4096];
	const long size = raw_call4(__NR_pread64, LL_CHILDREN_FD, raw_ptr(text), sizeof(text), 0);
	int pid = 0;

	for (long i = 0; i < size; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			pid = pid * 10 + (text[i] - '0');
		} else if (pid > 0) {
			raw_call2(__NR_kill, pid, LL_SIGKILL);
			pid = 0;
		}
	}
	return size > 0;
}

/* What the workload's own domain handles: in one layer or another. */
static struct ll_ruleset_attr handled_by(const struct ll_plan *plan)
{
	struct ll_ruleset_attr handled = { 0 };

	for (uint32_t i = 0; i < ll_plan_fork(plan); i++) {
		if (plan->ops[i].kind != LL_OP_RULESET)
			continue;
		handled.handled_access_fs |= plan->ops[i].a;
		handled.scoped |= plan->ops[i].c;
	}
	return handled;
}

bool ll_enclose(const struct ll_run *run)
{
	const struct ll_ruleset_attr handled = handled_by(&run->plan);
	const struct ll_ruleset_attr attr = {
		.handled_access_fs = handled.handled_access_fs != 0 ? LL_LANDLOCK_ACCESS_FS_REFER : 0,
		.scoped = LL_LANDLOCK_SCOPE_SIGNAL,
	};
	struct ll_path_beneath_attr everywhere = { .allowed_access = LL_LANDLOCK_ACCESS_FS_REFER };
	long fd;
	long ret;

	if (run->plan.header->namespaces != 0 || !(handled.scoped & LL_LANDLOCK_SCOPE_SIGNAL) ||
	    run->state.ruleset_count == LL_MAX_RULESETS ||
	    raw_call5(__NR_prctl, LL_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return false;
	fd = raw_call3(LL_NR_landlock_create_ruleset, raw_ptr(&attr), sizeof(attr), 0);
	if (fd < 0)
		return false;
	ret = attr.handled_access_fs == 0
		      ? 0
		      : raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr("/"), LL_O_PATH | LL_O_CLOEXEC, 0);
	everywhere.parent_fd = (int32_t)ret;
	if (ret >= 0 && attr.handled_access_fs != 0) {
		ret = raw_call4(LL_NR_landlock_add_rule, fd, LL_LANDLOCK_RULE_PATH_BENEATH, raw_ptr(&everywhere), 0);
		raw_call1(__NR_close, everywhere.parent_fd);
	}
	if (ret == 0)
		ret = raw_call2(LL_NR_landlock_restrict_self, fd, LL_LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF);
	if (ret == -LL_EINVAL) /* before ABI 7, which logs nothing */
		ret = raw_call2(LL_NR_landlock_restrict_self, fd, 0);
	raw_call1(__NR_close, fd);
	/* The proof: even root's keeper may not signal who is outside. */
	return ret == 0 && raw_call2(__NR_kill, raw_call0(__NR_getppid), 0) == -LL_EPERM;
}

void ll_kill_all(const struct ll_run *run, long workload_pid)
{
	if (run->encloses)
		raw_call2(__NR_kill, -1, LL_SIGKILL);
	for (;;) {
		long pid;

		if (!run->encloses && !kill_children() && workload_pid > 0)
			raw_call2(__NR_kill, workload_pid, LL_SIGKILL);
		pid = raw_call4(__NR_wait4, -1, 0, LL_WALL, 0);
		if (pid == -LL_ECHILD)
			return;
		if (pid == workload_pid)
			workload_pid = 0;
	}
}
