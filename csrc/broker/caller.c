#include "broker/caller.h"

#include "base/raw.h"

/* Most paths are short: a second copy is rarer than a dear first one. */
enum { FIRST_COPY = 256 };

static size_t within_page(uint64_t address, size_t most)
{
	const size_t left = LL_PAGE_MIN - address % LL_PAGE_MIN;

	return most < left ? most : left;
}

size_t ll_copy_path(uint32_t tid, uint64_t address, char ret_path[LL_PATH_MAX])
{
	size_t size = 0;

	while (size < LL_PATH_MAX) {
		const size_t wanted =
			within_page(address + size, size == 0 ? (size_t)FIRST_COPY : (size_t)LL_PATH_MAX - size);
		const struct ll_iovec ours = { ret_path + size, wanted };
		const struct ll_iovec theirs = { (void *)(uintptr_t)(address + size), wanted };
		const long got = raw_call6(__NR_process_vm_readv, tid, raw_ptr(&ours), 1, raw_ptr(&theirs), 1, 0);

		if (got <= 0)
			return 0;
		for (const size_t end = size + (size_t)got; size < end; size++)
			if (ret_path[size] == '\0')
				return size;
	}
	return 0;
}

/* A link of /proc: its bytes, 0 where it isn't a path from the root. */
static size_t read_link(const char *link, char ret_path[LL_PATH_MAX])
{
	const long size = raw_call4(__NR_readlinkat, LL_AT_FDCWD, raw_ptr(link), raw_ptr(ret_path), LL_PATH_MAX - 1);

	if (size <= 0 || ret_path[0] != '/') {
		ret_path[0] = '\0';
		return 0;
	}
	ret_path[size] = '\0';
	return (size_t)size;
}

size_t ll_append(char *text, size_t size, const char *more)
{
	while (*more != '\0')
		text[size++] = *more++;
	text[size] = '\0';
	return size;
}

size_t ll_read_base(uint32_t tid, int32_t folder, char ret_path[LL_PATH_MAX])
{
	char link[sizeof("/proc/") + sizeof("/fd/") + 2 * LL_NUMBER_SIZE];
	size_t size = ll_append(link, 0, "/proc/");

	size += ll_number_text(link + size, tid, 10);
	if (folder == LL_AT_FDCWD) {
		ll_append(link, size, "/cwd");
	} else {
		if (folder < 0)
			return 0;
		size = ll_append(link, size, "/fd/");
		ll_number_text(link + size, (uint32_t)folder, 10);
	}
	return read_link(link, ret_path);
}

void ll_fd_link(char ret_link[LL_FD_LINK_SIZE], int32_t fd)
{
	ll_number_text(ret_link + ll_append(ret_link, 0, "/proc/self/fd/"), (uint32_t)fd, 10);
}

size_t ll_real_path(int32_t fd, char ret_path[LL_PATH_MAX])
{
	char link[LL_FD_LINK_SIZE];

	ll_fd_link(link, fd);
	return read_link(link, ret_path);
}
