#include "base/file.h"

#include "base/identity.h"
#include "base/raw.h"

bool ll_join(char ret_path[LL_PATH_SIZE], const char *const parts[], size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		for (const char *in = parts[i]; *in != '\0'; in++) {
			if (size == LL_PATH_SIZE - 1)
				return false;
			ret_path[size++] = *in;
		}
	}
	ret_path[size] = '\0';
	return true;
}

int ll_stat_path(int dir, const char *path, int flags, struct ll_statx *ret_status)
{
	return (int)raw_call5(__NR_statx, dir, raw_ptr(path), flags, LL_STATX_BASIC_STATS, raw_ptr(ret_status));
}

void *ll_map_memory(size_t size)
{
	const long base = raw_call6(__NR_mmap, 0, (long)size, LL_PROT_READ | LL_PROT_WRITE,
				    LL_MAP_PRIVATE | LL_MAP_ANONYMOUS, -1, 0);

	return base < 0 && base > -4096 ? NULL : (void *)(uintptr_t)base;
}

bool ll_read_file(int fd, const struct ll_statx *status, size_t max, struct ll_bytes *ret_bytes)
{
	const size_t size = status->size;
	struct ll_bytes bytes = { .size = size };
	size_t got = 0;
	long count;

	if ((status->mode & LL_S_IFMT) != LL_S_IFREG || size == 0 || size > max)
		return false;
	bytes.data = ll_map_memory(size + 1);
	if (bytes.data == NULL)
		return false;
	/* One byte more than there should be: a file that grows isn't taken for what it was. */
	do {
		count = raw_call3(__NR_read, fd, raw_ptr(bytes.data + got), (long)(size + 1 - got));
		if (count > 0)
			got += (size_t)count;
	} while ((count > 0 && got <= size) || count == -LL_EINTR);
	if (count < 0 || got != size) {
		ll_free_bytes(&bytes);
		return false;
	}
	*ret_bytes = bytes;
	return true;
}

/* The mapping has one byte more than the file; the kernel counts in pages. */
void ll_free_bytes(struct ll_bytes *bytes)
{
	if (bytes->data != NULL)
		raw_call2(__NR_munmap, raw_ptr(bytes->data), (long)(bytes->size + 1));
	*bytes = (struct ll_bytes){ 0 };
}

int ll_open_plain(int dir, const char *path, uint64_t flags)
{
	const struct ll_open_how how = { .flags = flags | LL_O_CLOEXEC, .resolve = LL_RESOLVE_NO_SYMLINKS };

	return (int)raw_call4(LL_NR_openat2, dir, raw_ptr(path), raw_ptr(&how), sizeof(how));
}

int64_t ll_now_ms(void)
{
	struct ll_timespec now = { 0 };

	raw_call2(__NR_clock_gettime, LL_CLOCK_MONOTONIC, raw_ptr(&now));
	return now.seconds * 1000 + now.nanoseconds / 1000000;
}

bool ll_fd_path(int fd, char ret_path[LL_PATH_SIZE])
{
	char number[LL_NUMBER_SIZE];
	const char *const parts[] = { "/proc/self/fd/", number };

	ll_number_text(number, (uint32_t)fd, 10);
	return ll_join(ret_path, parts, 2);
}

bool ll_is_within(const char *path, const char *folder)
{
	if (folder[0] == '/' && folder[1] == '\0')
		return true;
	while (*folder != '\0' && *path == *folder) {
		path++;
		folder++;
	}
	return *folder == '\0' && (*path == '/' || *path == '\0');
}
