#include "front/needs.h"

#include <stddef.h>

#include "base/raw.h"
#include "base/uapi.h"

enum { FUTEX_WAKE_PRIVATE = 129, GRND_NONBLOCK = 1, NO_FD = 1 << 30 };

struct
try {
	const char *name;
	long ret;
	long also; /* as good as success: what the call says to what is no use to it */
};

/* The fd, closed: 0, or -errno. */
static long closed(long fd)
{
	return fd < 0 ? fd : raw_call1(__NR_close, fd);
}

const char *ll_front_lacks(bool loads, int *ret_error)
{
	const long memfd_flags = LL_MFD_CLOEXEC | LL_MFD_ALLOW_SEALING;
	const long size = LL_PAGE_MIN;
	char path[LL_PATH_MAX];
	struct ll_sigaction action;
	uint8_t status[256];
	uint32_t word = 0;
	const long page =
		raw_call6(__NR_mmap, 0, size, LL_PROT_READ | LL_PROT_WRITE, LL_MAP_PRIVATE | LL_MAP_ANONYMOUS, -1, 0);
	const long protected = raw_call3(__NR_mprotect, page, size, LL_PROT_READ);
	const struct try tries[] = {
		{ "mmap", page < 0 && page > -4096 ? page : 0, 0 },
		{ "mprotect", protected, 0 },
		{ "munmap", raw_call2(__NR_munmap, page, size), 0 },
		{ "getrandom", raw_call3(__NR_getrandom, raw_ptr(&word), 1, GRND_NONBLOCK), -LL_EAGAIN },
		{ "epoll_create1", closed(raw_call1(__NR_epoll_create1, LL_O_CLOEXEC)), 0 },
		{ "eventfd2", closed(raw_call2(__NR_eventfd2, 0, LL_O_CLOEXEC)), 0 },
		{ "futex", raw_call3(__NR_futex, raw_ptr(&word), FUTEX_WAKE_PRIVATE, 1), 0 },
		{ "rt_sigaction", raw_call4(__NR_rt_sigaction, LL_SIGTERM, 0, raw_ptr(&action), sizeof(action.mask)),
		  0 },
		/* Of a folder that was removed the front tells. */
		{ "getcwd", raw_call2(__NR_getcwd, raw_ptr(path), sizeof(path)), -LL_ENOENT },
		{ "newfstatat", raw_call4(__NR_newfstatat, LL_AT_FDCWD, raw_ptr("/"), raw_ptr(status), 0), 0 },
		{ "read", raw_call3(__NR_read, NO_FD, 0, 0), -LL_EBADF },
		{ "close", raw_call1(__NR_close, NO_FD), -LL_EBADF },
		{ "memfd_create", loads ? closed(raw_call2(__NR_memfd_create, raw_ptr(""), memfd_flags)) : 0, 0 },
	};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		if (tries[i].ret >= 0 || tries[i].ret == tries[i].also)
			continue;
		*ret_error = (int)-tries[i].ret;
		return tries[i].name;
	}
	return NULL;
}
