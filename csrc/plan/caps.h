/* Capabilities, which no run has. */
#ifndef LL_CAPS_H
#define LL_CAPS_H

/* Gives up all capabilities of the calling thread, and those that execve(2) would give it. 0, or -errno. */
int ll_drop_caps(void);

#endif
