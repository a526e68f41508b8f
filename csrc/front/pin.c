#include "front/pin.h"

#include "base/file.h"
#include "base/raw.h"
#include "broker/caller.h"
#include "front/run.h"

enum { FOLDERS = LL_FLAG_LISTED_SCRATCH | LL_FLAG_LISTED_EXPORT };

static int open_at(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	const struct ll_open_how how = { .flags = LL_O_PATH | LL_O_CLOEXEC | flags,
					 .resolve = LL_RESOLVE_NO_MAGICLINKS | resolve };

	return (int)raw_call4(LL_NR_openat2, dir, raw_ptr(path), raw_ptr(&how), sizeof(how));
}

/* A file that means the same to everybody. Below /proc a path may be of this very process: Bun tells which. */
static bool is_listable(int fd)
{
	static const char proc[] = "/proc/";
	struct ll_statx status;
	char path[LL_PATH_SIZE];
	size_t same = 0;

	if (ll_stat_path(fd, "", LL_AT_EMPTY_PATH, &status) != 0 || (status.mode & LL_S_IFMT) == LL_S_IFDIR)
		return false;
	if (ll_real_path(fd, path) == 0)
		return false;
	while (proc[same] != '\0' && path[same] == proc[same])
		same++;
	return proc[same] != '\0';
}

/* The folder of a path's last name, and the file; a symbolic link there is Bun's to follow. resolve: of the folder. */
static bool pin_file(const char *path, bool may_lack, uint64_t resolve, struct ll_pin *pin)
{
	char folder[LL_PATH_SIZE];
	size_t end = 0;

	if (path[0] != '/' || !ll_join(folder, &path, 1))
		return false;
	for (size_t i = 0; path[i] != '\0'; i++)
		end = path[i] == '/' ? i + 1 : end;
	folder[end] = '\0';
	if (path[end] == '\0')
		return false;
	pin->folder = open_at(LL_AT_FDCWD, folder, LL_O_DIRECTORY, resolve);
	if (pin->folder < 0)
		return false;
	pin->file = open_at(pin->folder, path + end, 0, LL_RESOLVE_NO_SYMLINKS);
	if (pin->file >= 0)
		return is_listable(pin->file);
	return may_lack && pin->file == -LL_ENOENT;
}

/* Where a run of the policy may have put links Bun follows those in front, and tells of the others. */
static bool pin_one(const struct ll_op *op, const char *path, struct ll_pin *pin)
{
	const uint64_t resolve = op->c == 0 ? 0 : LL_RESOLVE_NO_SYMLINKS;

	*pin = (struct ll_pin){ .folder = -1, .file = -1 };
	if (!(op->flags & FOLDERS))
		return pin_file(path, op->flags & LL_FLAG_LISTED_WRITE, resolve, pin);
	pin->folder = open_at(LL_AT_FDCWD, path, LL_O_DIRECTORY, resolve);
	return pin->folder >= 0;
}

static bool overlap(int one, int other)
{
	char path[LL_PATH_SIZE];
	char folder[LL_PATH_SIZE];

	return ll_real_path(one, path) == 0 || ll_real_path(other, folder) == 0 || ll_is_within(path, folder) ||
	       ll_is_within(folder, path);
}

/* What is published must not be reachable as scratch: Bun refuses that, with a message. */
static bool overlaps_earlier(const struct ll_pin *pins, const uint32_t flags[LL_MAX_PINS], uint32_t index)
{
	for (uint32_t i = 0; i < index; i++) {
		if ((flags[i] | flags[index]) == FOLDERS && overlap(pins[i].folder, pins[index].folder))
			return true;
	}
	return false;
}

void ll_front_unpin(const struct ll_pin pins[LL_MAX_PINS], uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (pins[i].folder >= 0)
			raw_call1(__NR_close, pins[i].folder);
		if (pins[i].file >= 0)
			raw_call1(__NR_close, pins[i].file);
	}
}

bool ll_front_pin(const struct ll_plan *plan, struct ll_pin ret_pins[LL_MAX_PINS], uint32_t *ret_count)
{
	uint32_t flags[LL_MAX_PINS];
	uint32_t count = 0;
	bool pinned = true;

	for (uint32_t i = 0; i < ll_plan_fork(plan) && pinned; i++) {
		const struct ll_op *op = &plan->ops[i];

		if (op->kind != LL_OP_LISTED)
			continue;
		pinned = count < LL_MAX_PINS;
		if (!pinned)
			break;
		flags[count++] = op->flags;
		pinned = pin_one(op, plan->data + op->text_offset, &ret_pins[count - 1]) &&
			 !overlaps_earlier(ret_pins, flags, count - 1);
	}
	if (!pinned)
		ll_front_unpin(ret_pins, count);
	*ret_count = pinned ? count : 0;
	return pinned;
}
