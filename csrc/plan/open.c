#include "plan/open.h"

#include "base/file.h"
#include "base/raw.h"
#include "base/uapi.h"

enum { PATH_SIZE = 4096 };

long ll_open_how(long dir, const char *path, uint64_t resolve)
{
	const struct ll_open_how how = { .flags = LL_O_PATH | LL_O_CLOEXEC, .resolve = resolve };

	return raw_call4(LL_NR_openat2, dir, raw_ptr(path), raw_ptr(&how), sizeof(how));
}

/* Does folder contain path, by their names? The rest of path, from its slash on, or NULL. */
static const char *rest_beneath(const char *folder, size_t size, const char *path)
{
	if (size == 1)
		size = 0; /* "/" */
	for (size_t i = 0; i < size; i++) {
		if (path[i] != folder[i])
			return NULL;
	}
	if (path[size] == '\0')
		return "/";
	return path[size] == '/' ? path + size : NULL;
}

static bool is_link(long fd)
{
	struct ll_statx status = { 0 };

	return ll_stat_path((int)fd, "", LL_AT_EMPTY_PATH, &status) != 0 || (status.mode & LL_S_IFMT) == LL_S_IFLNK;
}

/* From the folder at, which it consumes: one name after the other, none of them a link. name is written to. */
static long open_names(long at, char *name)
{
	while (at >= 0 && *name != '\0') {
		char *end = name;
		long next;

		while (*end != '\0' && *end != '/')
			end++;
		while (*end == '/')
			*end++ = '\0';
		next = raw_call4(__NR_openat, at, raw_ptr(name), LL_O_PATH | LL_O_CLOEXEC | LL_O_NOFOLLOW, 0);
		raw_call1(__NR_close, at);
		at = next;
		if (at >= 0 && is_link(at)) {
			raw_call1(__NR_close, at);
			at = -LL_ELOOP;
		}
		name = end;
	}
	return at;
}

/* The trusted bytes of path lead where they lead; what follows an earlier run may have made. */
static long open_parts(long dir, const char *path, size_t trusted, uint64_t resolve)
{
	char names[PATH_SIZE];
	size_t size = 0;
	long folder;

	while (path[size] != '\0')
		size++;
	if (size >= sizeof(names))
		return -LL_ENAMETOOLONG;
	__builtin_memcpy(names, path, size + 1);
	names[trusted] = '\0';
	folder = resolve == 0 ? raw_call4(__NR_openat, dir, raw_ptr(names), LL_O_PATH | LL_O_CLOEXEC, 0)
			      : ll_open_how(dir, names, resolve);
	names[trusted] = path[trusted];
	while (names[trusted] == '/')
		trusted++;
	return open_names(folder, names + trusted);
}

/*
 * Mostly there is no link in the whole path, and it takes one call. ENOSYS in
 * a run of landlockd, whose filter can't see what openat2 is asked for.
 */
static long open_closed(long dir, const char *path, size_t trusted, uint64_t resolve)
{
	const long ret = ll_open_how(dir, path, resolve | LL_RESOLVE_NO_SYMLINKS);

	return ret == -LL_ELOOP || ret == -LL_ENOSYS ? open_parts(dir, path, trusted, resolve) : ret;
}

long ll_open_path(const struct ll_state *state, const struct ll_op *op)
{
	const struct ll_op *root = state->root;
	const char *path = state->plan->data + op->text_offset;
	const char *rest = NULL;

	if (root != NULL)
		rest = rest_beneath(state->plan->data + root->text_offset, root->text_size, path);
	if (rest != NULL && op->c != 0) {
		/* The root's own folder is open already. */
		const size_t above = root->text_size == 1 ? 0 : root->text_size;

		return open_closed(state->root_fd, rest, op->c > above + 1 ? op->c - above : 1, LL_RESOLVE_IN_ROOT);
	}
	if (rest != NULL)
		return ll_open_how(state->root_fd, rest, LL_RESOLVE_IN_ROOT);
	if (op->c != 0)
		return open_closed(LL_AT_FDCWD, path, op->c, 0);
	return raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(path), LL_O_PATH | LL_O_CLOEXEC, 0);
}
