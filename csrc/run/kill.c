#include "run/kill.h"

#include "base/clone.h"
#include "base/raw.h"
#include "base/uapi.h"
#include "run/hands.h"

enum { FAILURES_MAX = 16 };

/* A pipe: while our end of it is open, the warden waits. */
static bool open_pipe(void)
{
	int32_t pair[2];

	if (raw_call2(__NR_pipe2, raw_ptr(pair), LL_O_CLOEXEC) < 0)
		return false;
	/* What is free is below 6, for no more than 0 to 4 and these are open: neither is in the other's place. */
	raw_call3(__NR_dup3, pair[0], LL_WARDEN_READS_FD, LL_O_CLOEXEC);
	raw_call1(__NR_close, pair[0]);
	if (pair[1] != LL_WARDEN_FD) {
		raw_call3(__NR_dup3, pair[1], LL_WARDEN_FD, LL_O_CLOEXEC);
		raw_call1(__NR_close, pair[1]);
	}
	return true;
}

static void open_children(void)
{
	const long fd = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr("/proc/thread-self/children"), LL_O_CLOEXEC, 0);

	if (fd < 0 || fd == LL_CHILDREN_FD)
		return;
	raw_call3(__NR_dup3, fd, LL_CHILDREN_FD, LL_O_CLOEXEC);
	raw_call1(__NR_close, fd);
}

void ll_open_watch(struct ll_run *run)
{
	if (ll_hand_needed(&run->plan) && !(run->plan.header->namespaces & LL_CLONE_NEWPID) && open_pipe())
		run->warden_pid = LL_WARDEN_WANTED;
	if (run->plan.header->namespaces != 0)
		open_children();
}

void ll_keep_watch(const struct ll_run *run)
{
	if (run->plan.header->namespaces == 0 && !run->encloses)
		open_children();
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

int ll_first_child(void)
{
	char text[16] = { 0 };
	int pid = 0;

	raw_call4(__NR_pread64, LL_CHILDREN_FD, raw_ptr(text), sizeof(text) - 1, 0);
	for (size_t i = 0; text[i] >= '0' && text[i] <= '9'; i++)
		pid = pid * 10 + (text[i] - '0');
	return pid > 0 ? pid : -1;
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

	if (!(handled.scoped & LL_LANDLOCK_SCOPE_SIGNAL) || run->state.ruleset_count == LL_MAX_RULESETS ||
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
		ret = ll_restrict((int32_t)fd, 0);
	raw_call1(__NR_close, fd);
	/* The proof: even root's keeper may not signal who is outside. */
	return ret == 0 && raw_call2(__NR_kill, raw_call0(__NR_getppid), 0) == -LL_EPERM;
}

/* Lives in memory that is given back when the keeper has ended: what it does after its wait needs no stack. */
static int warden(void *argument)
{
	char nothing;

	(void)argument;
	raw_call3(__NR_close_range, 0, LL_WARDEN_READS_FD - 1, 0);
	raw_call3(__NR_close_range, LL_WARDEN_READS_FD + 1, (long)~0U, 0);
	raw_call1(__NR_chdir, raw_ptr("/"));
	/* The end: nobody writes. */
	raw_call3(__NR_read, LL_WARDEN_READS_FD, raw_ptr(&nothing), sizeof(nothing));
	raw_call2(__NR_kill, -1, LL_SIGKILL);
	raw_call1(__NR_exit_group, 0);
	return 0;
}

void ll_post_warden(struct ll_run *run)
{
	long pid = 0;

	if (run->warden_pid != LL_WARDEN_WANTED)
		return;
	if (ll_enclose(run))
		pid = ll_clone(LL_CLONE_VM | LL_CLONE_PARENT, run->warden_stack, NULL, warden, run);
	run->warden_pid = pid > 0 ? (int32_t)pid : 0;
}

void ll_dismiss_warden(struct ll_run *run)
{
	if (run->warden_pid <= 0)
		return;
	raw_call2(__NR_kill, run->warden_pid, LL_SIGKILL);
	raw_call4(__NR_wait4, run->warden_pid, 0, LL_WALL, 0);
	run->warden_pid = 0;
}

void ll_kill_all(struct ll_run *run, long workload_pid)
{
	if (run->warden_pid > 0) {
		raw_call1(__NR_close, LL_WARDEN_FD);
		raw_call4(__NR_wait4, run->warden_pid, 0, LL_WALL, 0);
		run->warden_pid = 0;
	}
	if (run->encloses)
		raw_call2(__NR_kill, -1, LL_SIGKILL);
	/* Where wait(2) fails, what was killed is a zombie until this process ends: some rounds, for what is orphaned.
	 */
	for (int failures = 0; failures < FAILURES_MAX;) {
		long pid;

		if (!run->encloses && !kill_children() && workload_pid > 0)
			raw_call2(__NR_kill, workload_pid, LL_SIGKILL);
		pid = raw_call4(__NR_wait4, -1, 0, 0, 0);
		if (pid == -LL_ECHILD)
			return;
		failures += pid < 0 && pid != -LL_EINTR;
		if (pid == workload_pid)
			workload_pid = 0;
	}
}
