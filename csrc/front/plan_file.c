/* Plan files: src/store/plan-file.ts and plan-host.ts, as far as nothing is to be explained. */
#include "base/file.h"
#include "base/raw.h"
#include "front/host.h"
#include "front/run.h"
#include "plan/layout.gen.h"

#define LL_BUILT_IN "built-in:"

/* A name that Bun would change in its messages and events; bytes that aren't UTF-8 are its business too. */
static bool is_odd_name(const char *path)
{
	size_t same = 0;

	while (same < sizeof(LL_BUILT_IN) - 1 && path[same] == LL_BUILT_IN[same])
		same++;
	if (same == sizeof(LL_BUILT_IN) - 1)
		return true;
	while (*path != '\0' && (uint8_t)*path < 0x80)
		path++;
	return *path != '\0';
}

/* Whole, unchanged, and compiled by this very landlockd. */
static bool is_intact(const struct ll_bytes *file, const uint8_t build[LL_SHA256_SIZE])
{
	const struct ll_plan_file *head = (const void *)file->data;
	uint8_t checksum[LL_SHA256_SIZE];
	struct ll_sha256 hash;

	if (file->size < sizeof(*head) || head->magic != LL_PLAN_FILE_MAGIC || head->reserved != 0 ||
	    head->plan_size != file->size - sizeof(*head) || !ll_same_digest(head->build, build))
		return false;
	ll_sha256_init(&hash);
	ll_sha256_add(&hash, head, offsetof(struct ll_plan_file, checksum));
	ll_sha256_add(&hash, head + 1, head->plan_size);
	ll_sha256_end(&hash, checksum);
	return ll_same_digest(checksum, head->checksum);
}

/* What the plan's namespaces were made for: with CAP_SYS_ADMIN none of users is needed. */
static bool fits_mounts(const struct ll_plan_file *head, const struct ll_host *host)
{
	const struct ll_header *plan = (const void *)(head + 1);
	const bool can_mount = (host->capabilities >> LL_CAP_SYS_ADMIN & 1) != 0;

	if (head->plan_size < sizeof(*plan))
		return false;
	return plan->namespaces == 0 || ((plan->namespaces & LL_CLONE_NEWUSER) != 0) != can_mount;
}

static bool fits_host(const struct ll_plan_file *head)
{
	struct ll_host host;

	if (head->uid != LL_ANY_UID && head->uid != (uint32_t)raw_call0(__NR_getuid))
		return false;
	if (ll_probe_host(&host) < 0 || !host.filter || host.abi == 0 || host.abi < head->needed_abi)
		return false;
	/* With a scope more than there was, a run gets more than the plan has. */
	return (head->missing_scopes == 0 || host.abi < LL_ABI_SCOPES) && fits_mounts(head, &host);
}

bool ll_front_plan_file(const char *path, const uint8_t build[LL_SHA256_SIZE], struct ll_bytes *ret_file)
{
	struct ll_statx status;
	bool ok;
	long fd;

	*ret_file = (struct ll_bytes){ 0 };
	if (is_odd_name(path))
		return false;
	fd = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(path),
		       LL_O_RDONLY | LL_O_NONBLOCK | LL_O_NOCTTY | LL_O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	ok = ll_stat_path((int)fd, "", LL_AT_EMPTY_PATH, &status) == 0 &&
	     ll_read_file((int)fd, &status, LL_MAX_PLAN, ret_file);
	raw_call1(__NR_close, fd);
	if (ok && is_intact(ret_file, build) && fits_host((const void *)ret_file->data))
		return true;
	ll_free_bytes(ret_file);
	return false;
}
