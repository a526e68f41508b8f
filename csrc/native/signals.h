/* Signals in a process of many threads, whose JavaScript can't be interrupted: a handler that writes to a pipe. */
#ifndef LL_NATIVE_SIGNALS_H
#define LL_NATIVE_SIGNALS_H

#include "run/launch.h"

/*
 * Catches the signals of a mask (bit n - 1: signal n) for the rest of the
 * process's life, in whatever thread they come; 0 for those that a supervisor
 * passes on. Called once. The read end (non-blocking) of a pipe of struct
 * ll_siginfo, as of a signalfd; or -errno.
 */
LL_EXPORT int32_t ll_signals_open(uint64_t signals);

/* Blocks exactly these signals in this thread; what waited for it is delivered. */
LL_EXPORT int32_t ll_signals_block(uint64_t signals);

/*
 * Ends this process by a signal, without a second core dump. Returns, with
 * -EINVAL, only where the signal's default action isn't to end.
 */
LL_EXPORT int32_t ll_die(int32_t signal);

#endif
