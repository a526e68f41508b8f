#include "native/signals.h"

#include "base/raw.h"
#include "base/uapi.h"
#include "run/signals.h"

/* Written once, before the first handler can run. */
static int32_t write_fd = -1;

static void on_signal(int signal, const void *info, const void *context)
{
	/* siginfo_t starts with si_signo, si_errno, si_code. */
	const int32_t *words = info;
	const struct ll_siginfo record = { .signal = (uint32_t)signal, .code = words[2] };

	(void)context;
	/* EAGAIN: a pipe full of signals that nobody has read yet; one more tells nothing new. */
	raw_call3(__NR_write, write_fd, raw_ptr(&record), sizeof(record));
}

#if defined(__x86_64__)
/* The kernel asks x86_64 for a way out of the handler (sigreturn(2)). */
void ll_restorer(void);
__asm__(".pushsection .text\n"
	".globl ll_restorer\n"
	".hidden ll_restorer\n"
	".type ll_restorer, @function\n"
	"ll_restorer:\n"
	"	mov $15, %eax\n" /* __NR_rt_sigreturn */
	"	syscall\n"
	".size ll_restorer, . - ll_restorer\n"
	".popsection\n");
#define RESTORER_FLAG LL_SA_RESTORER
#define RESTORER ll_restorer
#else
#define RESTORER_FLAG 0
#define RESTORER NULL
#endif

int32_t ll_signals_open(uint64_t signals)
{
	const struct ll_sigaction action = {
		.handler = (uintptr_t)on_signal,
		.flags = LL_SA_SIGINFO | LL_SA_ONSTACK | LL_SA_RESTART | RESTORER_FLAG,
		.restorer = RESTORER,
	};
	const uint64_t wanted = signals == 0 ? LL_FORWARDED : signals;
	int32_t pair[2];
	long ret = raw_call2(__NR_pipe2, raw_ptr(pair), LL_O_CLOEXEC | LL_O_NONBLOCK);

	if (ret < 0)
		return (int32_t)ret;
	write_fd = pair[1];
	for (int signal = 1; signal <= LL_SIGNALS; signal++) {
		if (!(wanted & LL_SIGNAL_BIT(signal)))
			continue;
		ret = raw_call4(__NR_rt_sigaction, signal, raw_ptr(&action), 0, sizeof(action.mask));
		if (ret < 0)
			return (int32_t)ret;
	}
	return pair[0];
}

int32_t ll_signals_block(uint64_t signals)
{
	return (int32_t)raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&signals), 0, sizeof(signals));
}

int32_t ll_die(int32_t signal)
{
	ll_signals_die(signal);
	return -LL_EINVAL;
}
