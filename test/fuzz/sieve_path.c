/*
 * What the broker's sieve decides by spelling alone, against a model that takes paths apart. Input: strings that end
 * with NUL; the first is the caller's path, the others are names of the policy's. An open is passed on unseen only
 * where the model too finds it beneath none.
 */
#include "fuzz.h"

#include "../../csrc/broker/sieve_path.c"

enum { NAMES_MAX = 8 };

/* The component at *at, which moves past it; its size, 0 at the end. Slashes in a row are one. */
static size_t next_component(const char **at, const char **ret_start)
{
	size_t size = 0;

	*at += strspn(*at, "/");
	*ret_start = *at;
	size = strcspn(*at, "/");
	*at += size;
	return size;
}

/* Every component of name is the one of path. */
static bool model_is_beneath(const char *name, const char *path)
{
	for (;;) {
		const char *of_name;
		const char *of_path;
		const size_t size = next_component(&name, &of_name);

		if (size == 0)
			return true;
		if (next_component(&path, &of_path) != size || memcmp(of_name, of_path, size) != 0)
			return false;
	}
}

static bool model_is_clean(const char *path)
{
	const size_t size = strlen(path);

	return strstr(path, "//") == NULL && strstr(path, "/./") == NULL && strstr(path, "/../") == NULL &&
	       path[size - 1] != '/' && (size < 2 || strcmp(path + size - 2, "/.") != 0) &&
	       (size < 3 || strcmp(path + size - 3, "/..") != 0);
}

static void check_hash(const char *path)
{
	size_t size;
	size_t same_size;
	const uint32_t hash = ll_hash_folder(path, &size);
	char *folder = strdup(path);

	if (size != (size_t)(strrchr(path, '/') + 1 - path))
		abort();
	folder[size] = '\0';
	if (ll_hash_folder(folder, &same_size) != hash || same_size != size || !ll_same_text(folder, path, size))
		abort();
	free(folder);
}

/* Names of policies are absolute, and have neither empty parts nor a slash at their end. */
static bool is_policy_name(const char *text)
{
	return strcmp(text, "/") == 0 || (text[0] == '/' && model_is_clean(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *copy = calloc(size + 2, 1);
	const char *path = copy;
	const char *end = copy + size;
	char *names = calloc(size + 2, 1);
	char *to = names;
	bool expected = false;

	memcpy(copy, input, size);
	if (path[0] == '/') {
		const char *at = path + strlen(path) + 1;

		for (int count = 0; at < end && count < NAMES_MAX; at += strlen(at) + 1) {
			if (!is_policy_name(at))
				continue;
			count++;
			memcpy(to, at, strlen(at));
			to += strlen(at) + 1;
			expected = expected || model_is_beneath(at, path);
		}
		if (ll_is_clean(path) != model_is_clean(path))
			abort();
		/* The sieve asks this only of clean paths. */
		if (ll_is_clean(path) && ll_is_beneath(names, path) != expected)
			abort();
		check_hash(path);
	}
	if (!expected)
		refused();
	free(names);
	free(copy);
	return 0;
}
