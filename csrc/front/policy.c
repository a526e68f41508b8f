/* The policy of a plain run: a file, or one that is named (src/policy/named.ts). */
#include "audit/text.h"
#include "base/file.h"
#include "base/raw.h"
#include "front/named.gen.h"
#include "front/run.h"

static bool has_slash(const char *text)
{
	while (*text != '\0' && *text != '/')
		text++;
	return *text == '/';
}

static bool ends_part(char byte)
{
	return byte == '/' || byte == '\0';
}

/* A part that is empty, "." or "..", which node's join would take out: Bun looks it up. */
static bool changes_in_join(const char *path)
{
	for (; *path != '\0'; path++) {
		if (path[0] == '/' &&
		    (ends_part(path[1]) ||
		     (path[1] == '.' && (ends_part(path[2]) || (path[2] == '.' && ends_part(path[3]))))))
			return true;
	}
	return false;
}

enum found { FOUND, ABSENT, ASK_BUN };

/* FOLDER/NAME.toml, if it is there: whatever it is, it is the one. */
static enum found look_in(const char *folder, const char *name, char ret_file[LL_PATH_SIZE])
{
	const char *const parts[] = { folder, "/", name, ".toml" };
	struct ll_statx status;
	int ret;

	if (folder[0] != '/')
		return ABSENT;
	if (!ll_text_is_utf8(folder) || !ll_join(ret_file, parts, 4))
		return ASK_BUN;
	ret = ll_stat_path(LL_AT_FDCWD, ret_file, LL_AT_SYMLINK_NOFOLLOW, &status);
	if (ret == 0)
		return FOUND;
	return ret == -LL_ENOENT || ret == -LL_ENOTDIR || ret == -LL_EACCES ? ABSENT : ASK_BUN;
}

static enum found look_in_list(const char *list, const char *name, char ret_file[LL_PATH_SIZE])
{
	char folder[LL_PATH_SIZE];

	for (;;) {
		size_t size = 0;
		enum found found;

		while (list[size] != '\0' && list[size] != ':') {
			if (size == LL_PATH_SIZE - 1)
				return ASK_BUN;
			folder[size] = list[size];
			size++;
		}
		folder[size] = '\0';
		found = changes_in_join(folder) ? ASK_BUN : look_in(folder, name, ret_file);
		if (found != ABSENT || list[size] == '\0')
			return found;
		list += size + 1;
	}
}

/* In landlockd/policies of the folder that an XDG variable names, or that is in HOME. */
static enum found look_at_user(const struct ll_stack *stack, const char *variable, const char *in_home,
			       const char *name, char ret_file[LL_PATH_SIZE])
{
	const char *xdg = ll_front_variable(stack, variable);
	const char *home = ll_front_variable(stack, "HOME");
	const bool own = xdg != NULL && xdg[0] == '/';
	const char *const parts[] = { own ? xdg : home, own ? "" : in_home, "/landlockd/policies" };
	char folder[LL_PATH_SIZE];

	if (parts[0] == NULL || parts[0][0] != '/')
		return ABSENT;
	if (changes_in_join(parts[0]) || !ll_join(folder, parts, 3))
		return ASK_BUN;
	return look_in(folder, name, ret_file);
}

bool ll_front_is_built_in(const char *name)
{
	static const char *const names[] = LL_BUILT_IN_NAMES;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ll_text_is(names[i], name))
			return true;
	return false;
}

static enum found look_in_system(const char *name, char ret_file[LL_PATH_SIZE])
{
	static const char *const folders[] = LL_SYSTEM_FOLDERS;
	enum found found = ABSENT;

	for (size_t i = 0; found == ABSENT && i < sizeof(folders) / sizeof(folders[0]); i++)
		found = look_in(folders[i], name, ret_file);
	return found;
}

/* ABSENT: if it is anywhere, it is built in. */
static enum found find_named(const struct ll_stack *stack, const char *name, char ret_file[LL_PATH_SIZE])
{
	const char *list = ll_front_variable(stack, "LANDLOCKD_POLICY_PATH");
	enum found found = ABSENT;

	if (name[0] == '.' || has_slash(name))
		return ASK_BUN;
	if (list != NULL)
		found = look_in_list(list, name, ret_file);
	if (found == ABSENT)
		found = look_at_user(stack, "XDG_CONFIG_HOME", "/.config", name, ret_file);
	/* Bun asks whether a run of the policy that was named could have put it there. */
	if (found == FOUND && ll_front_is_built_in(name))
		found = ASK_BUN;
	if (found == ABSENT)
		found = look_in_system(name, ret_file);
	if (found != ABSENT || ll_front_is_built_in(name))
		return found;
	found = look_at_user(stack, "XDG_DATA_HOME", "/.local/share", name, ret_file);
	return found == ABSENT ? look_in(LL_INSTALLED_FOLDER, name, ret_file) : found;
}

/* Whatever file has that name. */
static bool is_stdin(const char *name)
{
	return name[0] == '-' && name[1] == '\0';
}

bool ll_front_policy(const struct ll_stack *stack, const struct ll_request *request, struct ll_bytes *ret_policy,
		     char ret_file[LL_PATH_SIZE])
{
	struct ll_statx status;
	bool ok;
	long fd;

	*ret_policy = (struct ll_bytes){ 0 };
	if (request->policy_file == NULL) {
		const enum found found = find_named(stack, request->policy_name, ret_file);

		if (found == ABSENT)
			ret_file[0] = '\0';
		if (found != FOUND)
			return found == ABSENT;
	} else if (is_stdin(request->policy_file) || !ll_join(ret_file, &request->policy_file, 1)) {
		return false;
	}
	fd = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(ret_file),
		       LL_O_RDONLY | LL_O_NONBLOCK | LL_O_NOCTTY | LL_O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	ok = ll_stat_path((int)fd, "", LL_AT_EMPTY_PATH, &status) == 0 &&
	     ll_read_file((int)fd, &status, LL_MAX_POLICY, ret_policy);
	raw_call1(__NR_close, fd);
	return ok;
}
