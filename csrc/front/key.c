/*
 * The name of a plan: SHA-256 of all that it is compiled from. src/store/key.ts
 * makes the same from the same; every text and number is framed, so that no
 * two lists of parts look alike.
 */
#include "audit/text.h"
#include "base/file.h"
#include "base/identity.h"
#include "base/raw.h"
#include "front/host.h"
#include "front/run.h"
#include "plan/layout.gen.h"

static void add_u32(struct ll_sha256 *hash, uint32_t number)
{
	ll_sha256_add(hash, &number, sizeof(number));
}

static void add_u64(struct ll_sha256 *hash, uint64_t number)
{
	ll_sha256_add(hash, &number, sizeof(number));
}

static void add_bytes(struct ll_sha256 *hash, const void *bytes, size_t size)
{
	add_u64(hash, size);
	ll_sha256_add(hash, bytes, size);
}

static void add_text(struct ll_sha256 *hash, const char *text)
{
	add_bytes(hash, text, ll_text_size(text));
}

/* What the plan was compiled for. */
static bool add_host(struct ll_sha256 *hash)
{
	struct ll_host host;

	if (ll_probe_host(&host) < 0)
		return false;
	add_u32(hash, LL_AUDIT_ARCH);
	add_text(hash, host.release);
	add_u32(hash, host.uid);
	add_u32(hash, host.abi);
	add_u32(hash, host.errata);
	add_u32(hash, host.landlock_errno);
	add_u32(hash, host.filter);
	add_u32(hash, host.notify);
	add_u64(hash, host.capabilities);
	return true;
}

/* A variable that the text can't name without its letters counts only where they are; an escape can hide them. */
static bool may_use(const struct ll_bytes *policy, const char *name)
{
	const size_t size = ll_text_size(name);

	if (policy->size == 0)
		return true; /* built in: its text isn't here */
	for (size_t i = 0; i < policy->size; i++) {
		size_t same = 0;

		if (policy->data[i] == '\\')
			return true;
		while (same < size && i + same < policy->size && policy->data[i + same] == (uint8_t)name[same])
			same++;
		if (same == size)
			return true;
	}
	return false;
}

static void add_variable(struct ll_sha256 *hash, bool used, const char *value)
{
	add_u32(hash, !used ? 0 : value == NULL ? 1 : 2);
	if (used && value != NULL)
		add_text(hash, value);
}

/* The real path of the folder that a file is named in. */
static bool real_folder(const char *file, char ret_folder[LL_PATH_SIZE])
{
	char link[LL_PATH_SIZE];
	size_t size = ll_text_size(file);
	long ret;

	while (size > 0 && file[size - 1] != '/')
		size--;
	while (size > 1 && file[size - 1] == '/')
		size--;
	for (size_t i = 0; i < size; i++)
		link[i] = file[i];
	if (size == 0)
		link[size++] = '.';
	link[size] = '\0';
	const long fd = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(link), LL_O_PATH | LL_O_CLOEXEC, 0);

	if (fd < 0)
		return false;
	ret = ll_fd_path((int)fd, link)
		      ? raw_call4(__NR_readlinkat, LL_AT_FDCWD, raw_ptr(link), raw_ptr(ret_folder), LL_PATH_SIZE)
		      : -LL_EINVAL;
	raw_call1(__NR_close, fd);
	if (ret <= 0 || ret >= LL_PATH_SIZE)
		return false;
	ret_folder[ret] = '\0';
	return true;
}

bool ll_front_folders(const struct ll_bytes *policy, const char *file, struct ll_folders *ret_folders)
{
	/* Only the pointers: clearing the buffers would touch pages that nothing else needs. */
	ret_folders->cwd = NULL;
	ret_folders->policy = NULL;
	if (may_use(policy, "CWD")) {
		/* getcwd(2): "(unreachable)" in front of a folder outside the root. */
		if (raw_call2(__NR_getcwd, raw_ptr(ret_folders->cwd_buffer), LL_PATH_SIZE) < 0 ||
		    ret_folders->cwd_buffer[0] != '/')
			return false;
		ret_folders->cwd = ret_folders->cwd_buffer;
	}
	if (file[0] != '\0' && may_use(policy, "POLICY_DIR")) {
		if (!real_folder(file, ret_folders->policy_buffer))
			return false;
		ret_folders->policy = ret_folders->policy_buffer;
	}
	return true;
}

static void add_variables(struct ll_sha256 *hash, const struct ll_stack *stack, const struct ll_bytes *policy,
			  const struct ll_folders *folders)
{
	char uid[LL_NUMBER_SIZE];

	add_variable(hash, may_use(policy, "CWD"), folders->cwd);
	add_variable(hash, may_use(policy, "HOME"), ll_front_variable(stack, "HOME"));
	add_variable(hash, may_use(policy, "TMPDIR"), ll_front_variable(stack, "TMPDIR"));
	ll_number_text(uid, (uint32_t)raw_call0(__NR_getuid), 10);
	add_variable(hash, may_use(policy, "UID"), uid);
	add_variable(hash, may_use(policy, "POLICY_DIR"), folders->policy);
}

bool ll_front_key(const struct ll_stack *stack, const struct ll_request *request, const struct ll_bytes *policy,
		  const struct ll_folders *folders, const uint8_t build[LL_SHA256_SIZE],
		  uint8_t ret_key[LL_SHA256_SIZE])
{
	static const uint32_t digest[8] = LL_LAYOUT_DIGEST;
	struct ll_sha256 hash;

	ll_sha256_init(&hash);
	add_bytes(&hash, digest, sizeof(digest));
	add_bytes(&hash, build, LL_SHA256_SIZE);
	if (!add_host(&hash))
		return false;
	add_u32(&hash, policy->size == 0);
	if (policy->size == 0)
		add_text(&hash, request->policy_name);
	else
		add_bytes(&hash, policy->data, policy->size);
	add_variables(&hash, stack, policy, folders);
	add_u32(&hash, (uint32_t)request->setting_count);
	for (size_t i = 0; i < request->setting_count; i++)
		add_text(&hash, request->settings[i]);
	ll_sha256_end(&hash, ret_key);
	return true;
}
