#ifndef LL_SIGNALS_H
#define LL_SIGNALS_H

#include "run/launch.h"

/* One caught signal in the pipe. code as si_code in sigaction(2): > 0 from the kernel (a terminal), <= 0 from a
 * process. */
struct ll_signal_record {
	int32_t signal;
	int32_t code;
	int32_t pid;
};

/*
 * Catches the signals of a mask (bit n - 1: signal n) for the rest of the
 * process's life. Called once. The pipe's read end (non-blocking), or -errno.
 */
LL_EXPORT int32_t ll_signals_open(uint64_t signals);

/*
 * Ends this process by a signal, without a second core dump. Returns, with
 * -EINVAL, only where the signal's default action isn't to end.
 */
LL_EXPORT int32_t ll_die(int32_t signal);

#endif
