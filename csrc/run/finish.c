#include "run/finish.h"

#include "base/file.h"
#include "base/raw.h"
#include "front/run.h"
#include "front/store.h"

enum {
	/* Limits of src/store/evict.ts: beyond them, TypeScript makes room first. */
	SMALL_PLAN = 65536,
	PLANS_MAX = 256,
	DIRENTS_SIZE = 32 * 1024, /* of PLANS_MAX entries whose names have LL_PLAN_NAME_SIZE bytes, and some */
	DIRENT_RECLEN_AT = 16,
	RANDOM_SIZE = 16,
};

static struct ll_stack stack_of(const struct ll_start *start)
{
	return (struct ll_stack){
		.argc = start->argc,
		.argv = (char **)(uintptr_t)start->argv,
		.envp = (char **)(uintptr_t)start->envp,
		.envc = start->envc,
	};
}

/* Appends a string with its NUL; false where it doesn't fit, or JavaScript might read it as another. */
static bool append(char *out, uint32_t size, uint32_t *at, const char *text)
{
	do {
		if (*at == size || (*text != '\0' && (*text < ' ' || *text > '~')))
			return false;
		out[(*at)++] = *text;
	} while (*text++ != '\0');
	return true;
}

int32_t ll_store_paths(char *ret_paths, uint32_t size)
{
	const struct ll_start *start = ll_start_find();
	char plans[LL_PATH_SIZE];
	char secret[LL_PATH_SIZE];
	uint32_t at = 0;

	if (start == NULL)
		return 0;
	const struct ll_stack stack = stack_of(start);

	if (!ll_front_store_path(&stack, plans) || !ll_front_secret_path(&stack, secret) ||
	    !append(ret_paths, size, &at, plans) || !append(ret_paths, size, &at, secret))
		return 0;
	return (int32_t)at;
}

/* base/landlockd/plans, from a base without a link in it: nor is one followed beneath. */
static void make_store(const char *base)
{
	const int dir = ll_open_plain(LL_AT_FDCWD, base, LL_O_PATH);
	int own;

	if (dir < 0)
		return;
	raw_call3(__NR_mkdirat, dir, raw_ptr("landlockd"), 0700);
	own = ll_open_plain(dir, "landlockd", LL_O_PATH);
	raw_call1(__NR_close, dir);
	if (own < 0)
		return;
	raw_call3(__NR_mkdirat, own, raw_ptr("plans"), 0700);
	raw_call1(__NR_close, own);
}

/* The folder of plans, made if it isn't there: it and the one above it are ours, what is above them is not. */
static int open_store(const struct ll_stack *stack)
{
	char path[LL_PATH_SIZE];
	size_t end = 0;
	size_t base = 0;
	long umask;
	int fd;

	if (!ll_front_store_path(stack, path))
		return -LL_ENOENT;
	fd = ll_front_open_own(path, 077);
	if (fd != -LL_ENOENT)
		return fd;
	for (size_t i = 0; path[i] != '\0'; i++) {
		if (path[i] != '/')
			continue;
		base = end;
		end = i;
	}
	path[base] = '\0';
	/* A umask that takes the owner's own bits away would make what nobody can work in. */
	umask = raw_call1(__NR_umask, 077);
	make_store(path);
	raw_call1(__NR_umask, umask);
	path[base] = '/';
	return ll_front_open_own(path, 077);
}

/* Whether one more small plan fits: few enough files, all seen at once. */
static bool has_room(int dir)
{
	char entries[DIRENTS_SIZE] __attribute__((aligned(8)));
	const int fd = ll_open_plain(dir, ".", LL_O_RDONLY);
	uint32_t count = 0;
	long size;
	long rest;

	if (fd < 0)
		return false;
	size = raw_call3(__NR_getdents64, fd, raw_ptr(entries), sizeof(entries));
	rest = size < 0 ? size : raw_call3(__NR_getdents64, fd, raw_ptr(entries + size), (long)sizeof(entries) - size);
	raw_call1(__NR_close, fd);
	for (long at = 0; at < size; at += *(const uint16_t *)(const void *)(entries + at + DIRENT_RECLEN_AT))
		count++;
	return rest == 0 && count < PLANS_MAX;
}

/* A new name: what src/store/write.ts calls TEMPORARY_PREFIX, then random digits. */
static bool temporary_name(char ret_name[LL_PATH_SIZE])
{
	uint8_t random[LL_SHA256_SIZE] = { 0 };
	char digits[LL_PLAN_NAME_SIZE];
	const char *const parts[] = { ".new-", digits };

	if (raw_call3(__NR_getrandom, raw_ptr(random), RANDOM_SIZE, 0) != RANDOM_SIZE)
		return false;
	ll_front_plan_name(random, digits);
	digits[2 * RANDOM_SIZE] = '\0';
	return ll_join(ret_name, parts, 2);
}

static bool write_all(int fd, const void *bytes, size_t size)
{
	return raw_call3(__NR_write, fd, raw_ptr(bytes), (long)size) == (long)size;
}

/* Whole or not at all: a file of a temporary name, then renamed. */
static bool write_plan(int dir, const struct ll_stored *stored, const void *plan)
{
	const struct ll_open_how how = { .flags = LL_O_WRONLY | LL_O_CREAT | LL_O_EXCL | LL_O_CLOEXEC,
					 .mode = 0600,
					 .resolve = LL_RESOLVE_NO_SYMLINKS };
	char temporary[LL_PATH_SIZE];
	char name[LL_PLAN_NAME_SIZE];
	bool ok;
	int fd;

	if (!temporary_name(temporary))
		return false;
	fd = (int)raw_call4(LL_NR_openat2, dir, raw_ptr(temporary), raw_ptr(&how), sizeof(how));
	if (fd < 0)
		return false;
	ok = write_all(fd, stored, sizeof(*stored)) && write_all(fd, plan, stored->plan_size);
	raw_call1(__NR_close, fd);
	ll_front_plan_name((const uint8_t *)stored->key, name);
	ok = ok && raw_call5(__NR_renameat2, dir, raw_ptr(temporary), dir, raw_ptr(name), 0) == 0;
	if (!ok)
		raw_call3(__NR_unlinkat, dir, raw_ptr(temporary), 0);
	return ok;
}

static bool keep(const struct ll_stack *stack, const uint8_t key[LL_SHA256_SIZE], const void *plan, uint32_t size)
{
	struct ll_stored stored = { .magic = LL_STORED_MAGIC, .plan_size = size };
	struct ll_secret secret;
	int dir;
	bool ok;

	if (size > SMALL_PLAN - sizeof(stored) || !ll_front_secret(stack, &secret))
		return false;
	__builtin_memcpy(stored.key, key, LL_SHA256_SIZE);
	ll_hmac(secret.bytes, &stored, offsetof(struct ll_stored, mac), plan, size, (uint8_t *)stored.mac);
	ll_front_forget(&secret);
	dir = open_store(stack);
	if (dir < 0)
		return false;
	ok = has_room(dir) && write_plan(dir, &stored, plan);
	raw_call1(__NR_close, dir);
	return ok;
}

/* By the folders that the plan was compiled with, not by those of now. */
static bool key_of(const struct ll_stack *stack, const struct ll_start *start, const struct ll_request *request,
		   const struct ll_origin *origin, uint8_t ret_key[LL_SHA256_SIZE])
{
	const struct ll_bytes policy = { .data = (const uint8_t *)(uintptr_t)origin->policy,
					 .size = origin->policy_size };
	struct ll_folders folders;

	folders.cwd = (const char *)(uintptr_t)origin->cwd;
	folders.policy = (const char *)(uintptr_t)origin->folder;
	/* Only what is built in has no bytes, and that is only found by name. */
	return (policy.size > 0 || request->policy_name != NULL) &&
	       ll_front_key(stack, request, &policy, &folders, start->build, ret_key);
}

int32_t ll_finish(const void *plan, uint32_t plan_size, const struct ll_origin *origin, struct ll_message *ret_failure)
{
	const struct ll_start *start = ll_start_find();
	struct ll_request request;
	struct ll_plan checked;
	struct ll_exec exec;
	uint8_t key[LL_SHA256_SIZE];
	char **candidates;
	int32_t op;

	if (start == NULL)
		return 0;
	const struct ll_stack stack = stack_of(start);

	if (!ll_front_request(&stack, &request) || request.audit != NULL ||
	    ll_plan_check(plan, plan_size, &checked, &op) < 0 || checked.header->namespaces != 0 ||
	    !ll_front_candidates(&stack, request.command[0], true, &candidates))
		return 0;
	if (origin != NULL && !(key_of(&stack, start, &request, origin, key) && keep(&stack, key, plan, plan_size)))
		return 0;
	exec = ll_front_exec(&stack, start, &request);
	exec.candidates = candidates;
	exec.changed = LL_ALL_SIGNALS;
	exec.ignored = start->ignored;
	exec.blocked = start->blocked;
	exec.limited = true;
	exec.nofile_soft = start->rlimits[LL_RLIMIT_NOFILE].soft;
	exec.nofile_hard = start->rlimits[LL_RLIMIT_NOFILE].hard;
	for (int fd = 0; fd < 3; fd++)
		exec.stdio_flags[fd] = start->status_flags[fd];
	struct ll_state state = {
		.plan = &checked,
		.exec = &exec,
		.uid = (uint32_t)raw_call0(__NR_geteuid),
		.gid = (uint32_t)raw_call0(__NR_getegid),
	};

	return ll_become_state(&state, ret_failure);
}
