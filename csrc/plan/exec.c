/* The last step of a workload-to-be: execve(2), of each path that PATH makes of the command's name. */
#include "base/raw.h"
#include "base/uapi.h"
#include "plan/apply.h"

#include <stdbool.h>

enum { X_OK = 1, STDERR = 2 };

/* Landlock doesn't ask for access(2): what may be executed by its mode, and wasn't, the policy keeps closed. */
static bool is_executable(const char *path)
{
	return raw_call3(__NR_faccessat, LL_AT_FDCWD, raw_ptr(path), X_OK) == 0;
}

static struct ll_iovec part(const char *text)
{
	size_t size = 0;

	while (text[size] != '\0')
		size++;
	return (struct ll_iovec){ .base = text, .size = size };
}

/*
 * Another program of that name is about to be run than outside. Signals are the workload's by now: a stderr that nobody
 * reads mustn't end it. Nothing is told where the policy denies what that takes.
 */
static void tell_passed_over(const char *closed)
{
	const struct ll_iovec parts[] = {
		part("landlockd: "),
		part(closed),
		part(": the policy lets nothing execute it, trying the next of that name in PATH\n"),
	};
	const uint64_t pipe = LL_SIGNAL_BIT(LL_SIGPIPE);
	const int64_t at_once[2] = { 0, 0 };
	uint64_t before;

	if (raw_call4(__NR_rt_sigprocmask, LL_SIG_BLOCK, raw_ptr(&pipe), raw_ptr(&before), sizeof(pipe)) < 0)
		return;
	if (raw_call3(__NR_writev, STDERR, raw_ptr(parts), sizeof(parts) / sizeof(parts[0])) == -LL_EPIPE)
		raw_call4(__NR_rt_sigtimedwait, raw_ptr(&pipe), 0, raw_ptr(at_once), sizeof(pipe));
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&before), 0, sizeof(before));
}

int ll_exec(const struct ll_exec *exec)
{
	const char *closed = NULL; /* the first that the policy keeps from being executed, until it is told */
	bool told = false;
	int error = -LL_ENOENT;

	for (char *const *candidate = exec->candidates; *candidate != NULL; candidate++) {
		long ret;

		if (closed != NULL && is_executable(*candidate)) {
			tell_passed_over(closed);
			closed = NULL;
			told = true;
		}
		ret = raw_call3(__NR_execve, raw_ptr(*candidate), raw_ptr(exec->argv), raw_ptr(exec->envp));
		if (ret == -LL_ENOENT && raw_call3(__NR_faccessat, LL_AT_FDCWD, raw_ptr(*candidate), 0) == 0)
			ret = -LL_ENOEXEC; /* the file is there: its interpreter isn't */
		if (ret == -LL_EACCES) {
			if (closed == NULL && !told && is_executable(*candidate))
				closed = *candidate;
			error = -LL_EACCES;
		} else if (ret != -LL_ENOENT && ret != -LL_ENOTDIR) {
			return (int)ret;
		}
	}
	return error;
}
