/* Signals of a supervisor: what is passed on to the workload, and what happens to those that come too early for it. */
#ifndef LL_RUN_SIGNALS_H
#define LL_RUN_SIGNALS_H

#include <stdint.h>

#include "base/uapi.h"
#include "plan/layout.gen.h"

/* Stops of job control: the shell that started landlockd must see them. */
#define LL_JOB_STOPS (LL_SIGNAL_BIT(LL_SIGTSTP) | LL_SIGNAL_BIT(LL_SIGTTIN) | LL_SIGNAL_BIT(LL_SIGTTOU))

/* Passed on to the workload, but for those that reach it by themselves. */
#define LL_FORWARDED \
	(LL_SIGNAL_BIT(LL_SIGHUP) | LL_SIGNAL_BIT(LL_SIGINT) | LL_SIGNAL_BIT(LL_SIGQUIT) | LL_SIGNAL_BIT(LL_SIGUSR1) | \
	 LL_SIGNAL_BIT(LL_SIGUSR2) | LL_SIGNAL_BIT(LL_SIGALRM) | LL_SIGNAL_BIT(LL_SIGTERM) | \
	 LL_SIGNAL_BIT(LL_SIGCONT) | LL_SIGNAL_BIT(LL_SIGWINCH) | LL_JOB_STOPS)

/*
 * For a process of one thread: forwarded signals are blocked from now on, and
 * own->signals is a signalfd of them. What is changed is in
 * ll_signals_changed(). 0 or -errno of signalfd4(2); ll_signals_restore undoes
 * it either way.
 */
int ll_signals_take(struct ll_supervisor *own);

/* Signals whose handling ll_signals_take may change, and the keeper's: ll_exec.changed. */
uint64_t ll_signals_changed(void);

/*
 * Signals are handled as before ll_signals_take. Those that came too early for
 * a workload, read or not, come again: most end this process here.
 */
void ll_signals_restore(const struct ll_supervisor *own);

/* Reads all that came, and passes on what is the workload's. */
void ll_signals_pass(struct ll_supervisor *own);

/* Passes on what came before there was a workload. */
void ll_signals_pass_unsent(struct ll_supervisor *own);

/* A workload that job control stopped takes this process along: the shell gets its terminal back. */
void ll_signals_stop_along(int32_t wait_status);

/*
 * The default action of a signal that is caught or blocked. Returns where that
 * doesn't end the process: from a stop when it is continued, or at once where
 * the kernel drops the stop, in a process group that no shell watches.
 */
void ll_signals_act(int signal);

/* Ends this process by a signal, without a second core dump. Returns where the signal's default isn't to end one. */
void ll_signals_die(int signal);

#endif
