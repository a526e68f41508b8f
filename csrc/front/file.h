/* Files as the front needs them: opened, looked at, read whole. */
#ifndef LL_FRONT_FILE_H
#define LL_FRONT_FILE_H

#include "base/uapi.h"
#include "front/run.h"

/* Of the file at path, from the folder dir; flags are AT_*. 0 or -errno. */
int ll_front_status(int dir, const char *path, int flags, struct ll_statx *ret_status);

/* An empty mapping of size bytes, NULL where there is no memory. */
void *ll_front_map(size_t size);

/* A whole regular file of the size that its status tells; false for one that is empty, larger than max, or changing. */
bool ll_front_read(int fd, const struct ll_statx *status, size_t max, struct ll_bytes *ret_bytes);

void ll_front_free(struct ll_bytes *bytes);

/* Opens without following any symlink on the way. An fd, or -errno. */
int ll_front_open_plain(int dir, const char *path, uint64_t flags);

/* Milliseconds on a clock that never goes back. */
int64_t ll_front_now_ms(void);

/* /proc/self/fd/N. */
bool ll_front_fd_path(int fd, char ret_path[LL_PATH_SIZE]);

#endif
