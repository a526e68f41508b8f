#include "front/connect.h"

#include "base/file.h"
#include "base/raw.h"

/* A reference to what stands at path, and its status. An fd, or -errno. */
static int pin(const char *path, int flags, struct ll_statx *ret_status)
{
	const int fd = (int)raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(path), LL_O_PATH | LL_O_CLOEXEC | flags, 0);
	const int error = fd < 0 ? fd : ll_stat_path(fd, "", LL_AT_EMPTY_PATH, ret_status);

	if (fd >= 0 && error != 0)
		raw_call1(__NR_close, fd);
	return error != 0 ? error : fd;
}

static bool is_trusted(const struct ll_statx *status, bool or_root)
{
	return status->uid == (uint32_t)raw_call0(__NR_geteuid) || (or_root && status->uid == 0);
}

static int pin_socket(const char *path, bool or_root)
{
	struct ll_statx status;
	int fd = pin(path, LL_O_NOFOLLOW, &status);

	/* In a sticky folder only its owner can put something else in the link's place. */
	if (fd >= 0 && (status.mode & LL_S_IFMT) == LL_S_IFLNK && is_trusted(&status, or_root)) {
		raw_call1(__NR_close, fd);
		fd = pin(path, 0, &status);
	}
	if (fd < 0 || ((status.mode & LL_S_IFMT) == LL_S_IFSOCK && is_trusted(&status, or_root) && status.links == 1))
		return fd;
	raw_call1(__NR_close, fd);
	return -LL_EPERM;
}

int ll_front_connect(const char *path, int type, bool or_root)
{
	struct ll_sockaddr_un address = { .family = LL_AF_UNIX };
	char name[LL_PATH_SIZE];
	const int pinned = pin_socket(path, or_root);
	size_t size = 0;
	long error;
	long fd;

	if (pinned < 0)
		return pinned;
	if (!ll_fd_path(pinned, name)) {
		raw_call1(__NR_close, pinned);
		return -LL_ENOMEM;
	}
	for (; name[size] != '\0'; size++)
		address.path[size] = name[size];
	fd = raw_call3(__NR_socket, LL_AF_UNIX, type | LL_SOCK_CLOEXEC, 0);
	error = fd < 0 ? fd
		       : raw_call3(__NR_connect, fd, raw_ptr(&address),
				   (long)(offsetof(struct ll_sockaddr_un, path) + size + 1));
	raw_call1(__NR_close, pinned);
	if (fd >= 0 && error < 0)
		raw_call1(__NR_close, fd);
	return (int)(error < 0 ? error : fd);
}
