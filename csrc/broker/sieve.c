#include "broker/sieve.h"

#include "base/identity.h"
#include "base/raw.h"
#include "broker/caller.h"
#include "broker/listener.h"
#include "broker/sieve_path.h"

/* An open as the registers say it. */
struct open_call {
	uint64_t path; /* in the caller's memory */
	int32_t folder;
	uint64_t flags;
};

static struct ll_notif *request_of(struct ll_sieve *sieve)
{
	return (struct ll_notif *)(void *)sieve->request;
}

/* False for anything else, and for openat2, whose flags are in memory. */
static bool read_open(const struct ll_notif *request, struct open_call *ret_call)
{
	const uint64_t *args = request->args;

	switch (request->nr) {
#ifdef __NR_open
	case __NR_open:
		*ret_call = (struct open_call){ args[0], LL_AT_FDCWD, (uint32_t)args[1] };
		return true;
	case __NR_creat:
		*ret_call = (struct open_call){ args[0], LL_AT_FDCWD, LL_O_CREAT };
		return true;
#endif
	case __NR_openat:
		*ret_call = (struct open_call){ args[1], (int32_t)args[0], (uint32_t)args[2] };
		return true;
	default:
		return false;
	}
}

/* sieve->shown: the path with the folder that it starts from. */
static bool show_path(struct ll_sieve *sieve, const struct open_call *call, const char *path)
{
	char *shown = (char *)(uintptr_t)sieve->shown;
	size_t size = 0;

	if (path[0] != '/') {
		size = ll_read_base(request_of(sieve)->pid, call->folder, shown);
		if (size == 0)
			return false;
		if (shown[size - 1] != '/')
			shown[size++] = '/';
	}
	ll_append(shown, size, path);
	return true;
}

/* Whether lookups need care, because some mount may make them wait for a server or a FUSE process. */
static bool is_careful(const struct ll_sieve *sieve)
{
	return *(const char *)(uintptr_t)sieve->slow != '\0';
}

/*
 * Whether looking a path up may have to wait. Nothing that is reached by names
 * alone leads to a slow mount by another spelling than beneath it.
 */
static bool may_wait(const struct ll_sieve *sieve, const char *path)
{
	return is_careful(sieve) && (!ll_is_clean(path) || ll_is_beneath((const char *)(uintptr_t)sieve->slow, path));
}

/* RESOLVE_* flags for a path that passed may_wait, and still may lead through links to where the kernel must ask. */
static uint64_t careful_resolve(const struct ll_sieve *sieve)
{
	return (sieve->root == LL_AT_FDCWD ? 0 : (uint64_t)LL_RESOLVE_IN_ROOT) |
	       (is_careful(sieve) ? (uint64_t)LL_RESOLVE_CACHED | LL_RESOLVE_NO_SYMLINKS : 0);
}

/* The number of a file on the lists, from 1. */
static uint32_t number_of(const struct ll_sieve *sieve, const struct ll_statx *status)
{
	const struct ll_sieve_file *files = (const void *)(uintptr_t)sieve->files;

	for (uint32_t i = 0; i < sieve->file_count; i++)
		if (files[i].inode == status->inode && files[i].device_major == status->device_major &&
		    files[i].device_minor == status->device_minor)
			return i + 1;
	return 0;
}

/* Whether a file may be beneath a folder of the policy, by its mount. */
static bool shares_mount(const struct ll_sieve *sieve, const struct ll_statx *status)
{
	const uint64_t *mounts = (const void *)(uintptr_t)sieve->mounts;

	for (uint32_t i = 0; i < sieve->mount_count; i++)
		if (mounts[i] == status->mount_id)
			return true;
	return false;
}

static uint64_t now_ms(void)
{
	struct ll_timespec now = { 0 };

	raw_call2(__NR_clock_gettime, LL_CLOCK_MONOTONIC_COARSE, raw_ptr(&now));
	return (uint64_t)now.seconds * 1000 + (uint64_t)now.nanoseconds / 1000000;
}

/* Whether what a path leads to, looked up now, is none of the policy's folders, nor beneath one. */
static bool leads_outside(const struct ll_sieve *sieve, const char *path)
{
	const struct ll_open_how how = {
		.flags = LL_O_PATH | LL_O_CLOEXEC,
		.resolve = careful_resolve(sieve),
	};
	size_t size;
	long fd;

	fd = raw_call4(LL_NR_openat2, sieve->root, raw_ptr(path), raw_ptr(&how), sizeof(how));
	if (fd < 0)
		return false;
	size = ll_real_path((int32_t)fd, (char *)(uintptr_t)sieve->real);
	raw_call1(__NR_close, fd);
	return size > 0 && !ll_is_beneath((const char *)(uintptr_t)sieve->names, (const char *)(uintptr_t)sieve->real);
}

/*
 * Whether the folder of a path is none of the policy's, nor beneath one. A
 * spelling that leads elsewhere meanwhile is passed on for a moment longer,
 * and Landlock decides: never more than it would grant.
 */
static bool is_outside(const struct ll_sieve *sieve, char *path)
{
	struct ll_sieve_folder *folders = (void *)(uintptr_t)sieve->folders;
	const uint64_t now = now_ms();
	size_t size;
	struct ll_sieve_folder *folder = &folders[ll_hash_folder(path, &size) % LL_SIEVE_FOLDERS];

	if (size < LL_SIEVE_FOLDER_SIZE && folder->until_ms > now && ll_same_text(folder->path, path, size))
		return true;
	path[size] = '\0'; /* its folder */
	if (!leads_outside(sieve, path))
		return false;
	if (size < LL_SIEVE_FOLDER_SIZE) {
		ll_append(folder->path, 0, path);
		folder->until_ms = now + LL_SIEVE_LIFETIME_MS;
	}
	return true;
}

/* 1: it can't be told without waiting. */
static long look_carefully(const struct ll_sieve *sieve, const char *path, long flags, struct ll_statx *ret_status)
{
	const struct ll_open_how how = {
		.flags = LL_O_PATH | LL_O_CLOEXEC | (flags & LL_AT_SYMLINK_NOFOLLOW ? (uint64_t)LL_O_NOFOLLOW : 0),
		.resolve = careful_resolve(sieve),
	};
	const long fd = raw_call4(LL_NR_openat2, sieve->root, raw_ptr(path), raw_ptr(&how), sizeof(how));
	long ret;

	/* EINVAL: before Linux 5.12. */
	if (fd < 0)
		return fd == -LL_EAGAIN || fd == -LL_ELOOP || fd == -LL_EINVAL ? 1 : fd;
	ret = raw_call5(__NR_statx, fd, raw_ptr(""), LL_AT_EMPTY_PATH | LL_AT_STATX_DONT_SYNC,
			LL_STATX_TYPE | LL_STATX_INO | LL_STATX_MNT_ID, raw_ptr(ret_status));
	raw_call1(__NR_close, fd);
	return ret;
}

static long look(const struct ll_sieve *sieve, const char *path, long flags, struct ll_statx *ret_status)
{
	if (is_careful(sieve))
		return look_carefully(sieve, path, flags, ret_status);
	/* Beneath another root, a path that starts with a slash is relative to it as far as a "no" goes. */
	if (sieve->root != LL_AT_FDCWD)
		while (*path == '/')
			path++;
	return raw_call5(__NR_statx, sieve->root, raw_ptr(path), flags | LL_AT_STATX_DONT_SYNC,
			 LL_STATX_TYPE | LL_STATX_INO | LL_STATX_MNT_ID, raw_ptr(ret_status));
}

/* Whether the call plainly means nothing of the lists. Cheap, and wrong only in passing on. */
static bool is_plain(struct ll_sieve *sieve)
{
	const struct ll_notif *request = request_of(sieve);
	char *path = (char *)(uintptr_t)sieve->path;
	char *shown = (char *)(uintptr_t)sieve->shown;
	struct open_call call;
	struct ll_statx status;
	bool creates;
	long seen;

	if (sieve->ready == 0 || !read_open(request, &call))
		return false;
	if (call.flags & LL_O_PATH)
		return true;
	sieve->path_size = ll_copy_path(request->pid, call.path, path);
	if (sieve->path_size == 0 || !show_path(sieve, &call, path) ||
	    ll_is_beneath((const char *)(uintptr_t)sieve->names, shown) || may_wait(sieve, shown))
		return false;
	creates = (call.flags & LL_O_CREAT) != 0;
	seen = look(sieve, shown, LL_AT_SYMLINK_NOFOLLOW, &status);
	if (seen != 0)
		return seen < 0 && !creates;
	if ((status.mode & LL_S_IFMT) == LL_S_IFLNK) {
		seen = look(sieve, shown, 0, &status);
		if (seen != 0)
			return seen < 0 && !creates;
		return number_of(sieve, &status) == 0 && (!shares_mount(sieve, &status) || leads_outside(sieve, shown));
	}
	sieve->listed = number_of(sieve, &status);
	if (sieve->listed != 0)
		return false;
	if (!shares_mount(sieve, &status))
		return true;
	/* The folder that a folder is in may be none of the policy's, and itself be one. */
	return (status.mode & LL_S_IFMT) == LL_S_IFDIR ? leads_outside(sieve, shown) : is_outside(sieve, shown);
}

void ll_sieve_use(struct ll_sieve *sieve, struct ll_sieve_room *room)
{
	sieve->path = (uint64_t)(uintptr_t)room->path;
	sieve->shown = (uint64_t)(uintptr_t)room->shown;
	sieve->real = (uint64_t)(uintptr_t)room->real;
	sieve->folders = (uint64_t)(uintptr_t)room->folders;
}

int32_t ll_sieve_receive(struct ll_sieve *sieve)
{
	struct ll_notif *request = request_of(sieve);
	struct ll_notif_resp response = { .flags = LL_SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	int32_t ret;

	*request = (struct ll_notif){ 0 }; /* anything else is EINVAL */
	ret = (int32_t)raw_call3(__NR_ioctl, sieve->listener, LL_SECCOMP_IOCTL_NOTIF_RECV, raw_ptr(request));
	if (ret < 0)
		return ret;
	sieve->path_size = 0;
	sieve->listed = 0;
	if (!is_plain(sieve))
		return 1;
	response.id = request->id;
	ll_listener_call(sieve->listener, LL_SECCOMP_IOCTL_NOTIF_SEND, &response);
	sieve->passed++;
	return 0;
}
