#include "base/identity.h"

#include "base/raw.h"
#include "base/uapi.h"

enum { ID_MAP_SIZE = 2 * LL_NUMBER_SIZE };

size_t ll_number_text(char *ret_text, uint64_t value, unsigned int base)
{
	char reversed[LL_NUMBER_SIZE];
	size_t size = 0;

	do
		reversed[size++] = (char)('0' + value % base);
	while ((value /= base) != 0);
	for (size_t i = 0; i < size; i++)
		ret_text[i] = reversed[size - 1 - i];
	ret_text[size] = '\0';
	return size;
}

/* "ID ID 1": one id, the same inside and out (user_namespaces(7)). */
static size_t id_map(char ret_text[ID_MAP_SIZE], uint32_t id)
{
	size_t size = ll_number_text(ret_text, id, 10);

	ret_text[size++] = ' ';
	size += ll_number_text(ret_text + size, id, 10);
	ret_text[size++] = ' ';
	ret_text[size++] = '1';
	return size;
}

static int write_file(const char *path, const char *text, size_t size)
{
	const long fd = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(path), LL_O_WRONLY | LL_O_CLOEXEC, 0);
	long ret;

	if (fd < 0)
		return (int)fd;
	ret = raw_call3(__NR_write, fd, raw_ptr(text), (long)size);
	raw_call1(__NR_close, fd);
	return ret < 0 ? (int)ret : 0;
}

/* Without setgroups(2), as the kernel asks of whoever maps a group unprivileged. */
static int map_ids(uint32_t uid, uint32_t gid)
{
	char text[ID_MAP_SIZE];
	int ret = write_file("/proc/self/setgroups", "deny", 4);

	if (ret == 0)
		ret = write_file("/proc/self/gid_map", text, id_map(text, gid));
	if (ret == 0)
		ret = write_file("/proc/self/uid_map", text, id_map(text, uid));
	return ret;
}

/*
 * What is in /proc/self belongs to the user only while the process may be
 * dumped, and a supervisor that serves other runs already may not; we share
 * its memory, and so that.
 */
int ll_identity(uint32_t uid, uint32_t gid)
{
	const long dumpable = raw_call5(__NR_prctl, LL_PR_GET_DUMPABLE, 0, 0, 0, 0);
	int ret;

	if (dumpable != 1)
		raw_call5(__NR_prctl, LL_PR_SET_DUMPABLE, 1, 0, 0, 0);
	ret = map_ids(uid, gid);
	if (dumpable != 1)
		raw_call5(__NR_prctl, LL_PR_SET_DUMPABLE, 0, 0, 0, 0);
	return ret;
}
