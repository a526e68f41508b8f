/* Files: opened, looked at, read whole; and memory to have them in. */
#ifndef LL_BASE_FILE_H
#define LL_BASE_FILE_H

#include "base/uapi.h"

#include <stdbool.h>

enum { LL_PATH_SIZE = 4096 }; /* PATH_MAX, with the NUL */

/* Bytes in a mapping of their own. */
struct ll_bytes {
	const uint8_t *data;
	size_t size;
};

/* Writes parts, one behind the other; false if they don't fit, with their NUL, in LL_PATH_SIZE. */
bool ll_join(char ret_path[LL_PATH_SIZE], const char *const parts[], size_t count);

/* Whether path is folder, or beneath it. */
bool ll_is_within(const char *path, const char *folder);

/* Of the file at path, from the folder dir; flags are AT_*. 0 or -errno. */
int ll_stat_path(int dir, const char *path, int flags, struct ll_statx *ret_status);

/* An empty mapping of size bytes, NULL where there is no memory. */
void *ll_map_memory(size_t size);

/* A whole regular file of the size that its status tells; false for one that is empty, larger than max, or changing. */
bool ll_read_file(int fd, const struct ll_statx *status, size_t max, struct ll_bytes *ret_bytes);

void ll_free_bytes(struct ll_bytes *bytes);

/* Opens without following any symlink on the way. An fd, or -errno. */
int ll_open_plain(int dir, const char *path, uint64_t flags);

/* Milliseconds on a clock that never goes back. */
int64_t ll_now_ms(void);

/* /proc/self/fd/N. */
bool ll_fd_path(int fd, char ret_path[LL_PATH_SIZE]);

#endif
