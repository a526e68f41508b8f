/* The command of a plain run: src/run/command.ts, as far as there is nothing to complain about. */
#include "audit/text.h"
#include "base/file.h"
#include "base/raw.h"
#include "front/run.h"

enum { BINPRM_BUF_SIZE = 256, X_OK = 1 };

/* The interpreter that a #! line names, as the kernel and Bun both read it; false where they might not agree. */
static bool interpreter_of(const char head[BINPRM_BUF_SIZE + 1], char ret_path[BINPRM_BUF_SIZE])
{
	size_t at = 2;
	size_t size = 0;

	while (head[at] == ' ' || head[at] == '\t')
		at++;
	for (; head[at] != ' ' && head[at] != '\t' && head[at] != '\n' && head[at] != '\0'; at++) {
		if (head[at] <= ' ' || head[at] > '~')
			return false;
		ret_path[size++] = head[at];
	}
	ret_path[size] = '\0';
	return size > 0;
}

static bool has_interpreter(const char *path)
{
	char head[BINPRM_BUF_SIZE + 1] = { 0 };
	char interpreter[BINPRM_BUF_SIZE];
	struct ll_statx status;
	const long fd =
		raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(path), LL_O_RDONLY | LL_O_NONBLOCK | LL_O_CLOEXEC, 0);

	if (fd < 0)
		return true; /* executable but not readable: the kernel knows */
	raw_call3(__NR_read, fd, raw_ptr(head), BINPRM_BUF_SIZE);
	raw_call1(__NR_close, fd);
	if (head[0] != '#' || head[1] != '!')
		return true;
	return interpreter_of(head, interpreter) && ll_stat_path(LL_AT_FDCWD, interpreter, 0, &status) == 0;
}

static bool is_runnable(const char *path)
{
	struct ll_statx status;

	return ll_stat_path(LL_AT_FDCWD, path, 0, &status) == 0 && (status.mode & LL_S_IFMT) == LL_S_IFREG &&
	       raw_call3(__NR_faccessat, LL_AT_FDCWD, raw_ptr(path), X_OK) == 0 && has_interpreter(path);
}

static bool is_path(const char *name)
{
	while (*name != '\0' && *name != '/')
		name++;
	return *name == '/';
}

/* FOLDER/NAME for each folder of a list; an empty one is the working directory. */
static void join_all(const char *list, const char *name, char **pointers, char *out)
{
	for (;;) {
		*pointers++ = out;
		if (*list == '\0' || *list == ':')
			*out++ = '.';
		while (*list != '\0' && *list != ':')
			*out++ = *list++;
		*out++ = '/';
		for (const char *in = name; *in != '\0'; in++)
			*out++ = *in;
		*out++ = '\0';
		if (*list++ == '\0')
			break;
	}
	*pointers = NULL;
}

bool ll_front_candidates(const struct ll_stack *stack, const char *name, bool seen, char ***ret_candidates)
{
	const char *path = ll_front_variable(stack, "PATH");
	const char *list = path != NULL ? path : "/usr/local/bin:/usr/bin:/bin";
	size_t count = 1;
	char **pointers;

	if (*name == '\0')
		return false;
	for (const char *at = list; *at != '\0'; at++)
		count += *at == ':';
	pointers =
		ll_map_memory((count + 1) * sizeof(*pointers) + ll_text_size(list) + count * (ll_text_size(name) + 3));
	if (pointers == NULL)
		return false;
	*ret_candidates = pointers;
	if (is_path(name)) {
		pointers[0] = (char *)(uintptr_t)name;
		return !seen || is_runnable(name);
	}
	join_all(list, name, pointers, (char *)(pointers + count + 1));
	for (; seen && *pointers != NULL; pointers++) {
		struct ll_statx status;

		if (ll_stat_path(LL_AT_FDCWD, *pointers, 0, &status) == 0)
			return is_runnable(*pointers);
	}
	return !seen;
}
