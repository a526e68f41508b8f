#include "front/slow.h"

#include "base/raw.h"
#include "base/uapi.h"
#include "plan/layout.gen.h"

enum { CHUNK_SIZE = 4096, TYPE_SIZE = 32 };

/* Where a line of mountinfo is read (proc_pid_mountinfo(5)): its type follows the first field that is a hyphen. */
struct scan {
	enum { BEFORE_TYPE, IN_TYPE, BEHIND_TYPE } at;
	size_t matched; /* of " - " */
	size_t size;
	char type[TYPE_SIZE];
};

int32_t ll_open_mounts(void)
{
	static const char path[] = "/proc/self/mountinfo";
	const long fd = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(path), LL_O_RDONLY | LL_O_CLOEXEC, 0);

	return fd < 0 ? -1 : (int32_t)fd;
}

static bool is_own(const char *type)
{
	static const char own[] = LL_OWN_FILESYSTEMS;

	for (const char *name = own; *name != '\0'; name++) {
		size_t i = 0;

		while (name[i] != '\0' && name[i] == type[i])
			i++;
		if (name[i] == '\0' && type[i] == '\0')
			return true;
		while (*name != '\0')
			name++;
	}
	return false;
}

/* False once a type is complete that isn't the kernel's own. */
static bool scan_byte(struct scan *scan, char byte)
{
	static const char separator[] = " - ";

	if (byte == '\n') {
		const bool whole = scan->at == BEHIND_TYPE;

		*scan = (struct scan){ .at = BEFORE_TYPE };
		return whole;
	}
	switch (scan->at) {
	case BEFORE_TYPE:
		scan->matched = byte == separator[scan->matched] ? scan->matched + 1 : byte == ' ';
		if (scan->matched == sizeof(separator) - 1)
			scan->at = IN_TYPE;
		return true;
	case IN_TYPE:
		if (byte != ' ') {
			scan->type[scan->size++] = byte;
			return scan->size < TYPE_SIZE;
		}
		scan->type[scan->size] = '\0';
		scan->at = BEHIND_TYPE;
		return is_own(scan->type);
	case BEHIND_TYPE:
		return true;
	}
	return false;
}

bool ll_any_slow(int32_t mounts)
{
	struct scan scan = { .at = BEFORE_TYPE };
	char chunk[CHUNK_SIZE];
	long offset = 0;

	for (;;) {
		const long size = raw_call4(__NR_pread64, mounts, raw_ptr(chunk), sizeof(chunk), offset);

		if (size <= 0)
			return size < 0 || offset == 0;
		for (long i = 0; i < size; i++)
			if (!scan_byte(&scan, chunk[i]))
				return true;
		offset += size;
	}
}
