/* What a run is warned of: src/run/reach.ts without JavaScript. */
#include "audit/text.h"
#include "base/file.h"
#include "base/raw.h"
#include "broker/caller.h"
#include "front/front.h"
#include "front/run.h"

/* Where a path leads: false where that can't be told. */
static bool find_real(const char *path, char ret_real[LL_PATH_SIZE])
{
	const long fd = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(path), LL_O_PATH | LL_O_CLOEXEC, 0);
	size_t size;

	if (fd < 0)
		return false;
	size = ll_real_path((int32_t)fd, ret_real);
	raw_call1(__NR_close, fd);
	return size > 0;
}

/* The same of a file that may not be there yet, in a folder that is. */
static bool find_place(const char *path, char ret_real[LL_PATH_SIZE])
{
	char folder[LL_PATH_SIZE];
	char real[LL_PATH_SIZE];
	size_t end = 0;

	if (!ll_join(folder, &path, 1))
		return false;
	for (size_t i = 0; folder[i] != '\0'; i++)
		end = folder[i] == '/' ? i + 1 : end;
	folder[end] = '\0';

	const char *const parts[] = { real, "/", path + end };

	return find_real(end == 0 ? "." : folder, real) &&
	       ll_join(ret_real, real[1] == '\0' ? parts + 1 : parts, real[1] == '\0' ? 2 : 3);
}

static bool may_write(const struct ll_plan *plan, const char *path)
{
	for (uint32_t i = 0; i < ll_plan_fork(plan); i++)
		if (plan->ops[i].kind == LL_OP_WRITES && ll_is_within(path, plan->data + plan->ops[i].text_offset))
			return true;
	return false;
}

static void tell_reached(const struct ll_plan *plan, const char *what, const char *path)
{
	if (may_write(plan, path))
		ll_front_tell(what, path, LL_REACHED_AFTER);
}

/* What a run could change afterwards: no descriptor, no device, and nothing that can't be a sink. */
static bool is_file(const char *sink)
{
	struct ll_statx status;
	int ret;

	if ((sink[0] == '-' && sink[1] == '\0') || (sink[0] == 'f' && sink[1] == 'd' && sink[2] == ':'))
		return false;
	ret = ll_stat_path(LL_AT_FDCWD, sink, LL_AT_SYMLINK_NOFOLLOW, &status);
	return ret == -LL_ENOENT || (ret == 0 && (status.mode & LL_S_IFMT) == LL_S_IFREG);
}

void ll_front_warn(struct ll_start *start, const struct ll_request *request, const char *file,
		   const struct ll_plan *plan)
{
	char path[LL_PATH_SIZE];

	if (start->warned)
		return;
	start->warned = 1;
	if (request->policy_name != NULL && file[0] != '\0' && ll_front_is_built_in(request->policy_name))
		ll_front_tell(LL_SHADOWED_BEFORE, file, LL_SHADOWED_AFTER);
	if (file[0] != '\0' && find_real(file, path))
		tell_reached(plan,
			     request->plan != NULL ? LL_REACHED_BEFORE LL_REACHED_PLAN
						   : LL_REACHED_BEFORE LL_REACHED_POLICY,
			     path);
	if (request->audit != NULL && is_file(request->audit) && find_place(request->audit, path))
		tell_reached(plan, LL_REACHED_BEFORE LL_REACHED_SINK, path);
	if (find_real("/proc/self/exe", path))
		tell_reached(plan, LL_REACHED_BEFORE LL_REACHED_EXECUTABLE, path);
}
