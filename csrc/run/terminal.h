/* The terminal that a run was started on: whose foreground it is when the run is over. */
#ifndef LL_TERMINAL_H
#define LL_TERMINAL_H

#include <stdint.h>

/* The caller's process group, where that is the foreground of the caller's controlling terminal; else 0. */
int32_t ll_terminal_foreground(void);

/*
 * Gives the foreground back to the group that ll_terminal_foreground told, if the group that has it is gone with the
 * run: a shell in a PID namespace can't name the group that it took the terminal from. A foreground that lives is left
 * alone: by then the job may have been put into the background. 0 for the group does nothing.
 */
void ll_terminal_give_back(int32_t group);

#endif
