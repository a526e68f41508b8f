/*
 * What a request of the broker's says beyond its registers, as far as the
 * sieve asks: src/broker/caller.ts in C. Good for a "no" only, since nothing
 * here asks whether the request is still valid. And where files really are.
 */
#ifndef LL_CALLER_H
#define LL_CALLER_H

#include "base/identity.h"
#include "base/uapi.h"

enum { LL_FD_LINK_SIZE = sizeof("/proc/self/fd/") + LL_NUMBER_SIZE };

/*
 * Copies a path out of a thread's memory, never beyond a page that it is on.
 * Its bytes, the NUL not counted; 0 where it is empty or can't be read in full.
 */
size_t ll_copy_path(uint32_t tid, uint64_t address, char ret_path[LL_PATH_MAX]);

/* Where the folder is that a thread's relative paths start from: an fd of its own or AT_FDCWD. Bytes; 0: it can't be
 * told. */
size_t ll_read_base(uint32_t tid, int32_t folder, char ret_path[LL_PATH_MAX]);

/* The link of /proc that is an open file of our own. */
void ll_fd_link(char ret_link[LL_FD_LINK_SIZE], int32_t fd);

/* Where an open file of our own is. Bytes; 0 where that isn't a path from the root. */
size_t ll_real_path(int32_t fd, char ret_path[LL_PATH_MAX]);

/* Writes more to text behind its first bytes, with a NUL. Their number then. */
size_t ll_append(char *text, size_t size, const char *more);

#endif
