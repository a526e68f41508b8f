#include "broker/sieve_open.h"

#include "base/raw.h"
#include "broker/caller.h"
#include "broker/listener.h"
#include "broker/sieve_path.h"

/* O_RDONLY is none of them; whatever isn't among them may ask for more than a file that is read. */
enum { PLAIN_FLAGS = LL_O_CLOEXEC | LL_O_LARGEFILE | LL_O_NOCTTY | LL_O_NONBLOCK | LL_O_NOFOLLOW };

struct ll_notif *ll_request_of(struct ll_sieve *sieve)
{
	return (struct ll_notif *)(void *)sieve->request;
}

bool ll_read_open(const struct ll_notif *request, struct ll_open_call *ret_call)
{
	const uint64_t *args = request->args;

	switch (request->nr) {
#ifdef __NR_open
	case __NR_open:
		*ret_call = (struct ll_open_call){ args[0], LL_AT_FDCWD, (uint32_t)args[1] };
		return true;
	case __NR_creat:
		*ret_call = (struct ll_open_call){ args[0], LL_AT_FDCWD, LL_O_CREAT };
		return true;
#endif
	case __NR_openat:
		*ret_call = (struct ll_open_call){ args[1], (int32_t)args[0], (uint32_t)args[2] };
		return true;
	default:
		return false;
	}
}

/* As the caller would have it, but for who holds a lease on it: EAGAIN instead of waiting (fcntl(2), F_SETLEASE). */
static long reopen(int32_t pin, uint64_t flags)
{
	char link[LL_FD_LINK_SIZE];
	const uint64_t own = (flags & ~(uint64_t)LL_O_NOFOLLOW) | LL_O_NOCTTY | LL_O_CLOEXEC;
	long fd;

	ll_fd_link(link, pin);
	fd = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(link), (long)(own | LL_O_NONBLOCK), 0);
	if (fd >= 0 && !(flags & LL_O_NONBLOCK))
		raw_call3(__NR_fcntl, fd, LL_F_SETFL, (long)own);
	return fd;
}

bool ll_sieve_open(struct ll_sieve *sieve)
{
	const struct ll_sieve_file *files = (const void *)(uintptr_t)sieve->files;
	const struct ll_sieve_file *file = &files[sieve->listed - 1];
	const struct ll_notif *request = ll_request_of(sieve);
	struct ll_open_call call;
	struct ll_gift gift;
	bool answered;
	long fd;

	if (sieve->steps == 0 || file->name == 0 || !ll_read_open(request, &call) ||
	    (call.flags & ~(uint64_t)PLAIN_FLAGS) ||
	    !ll_same_text((const char *)(uintptr_t)file->name, (const char *)(uintptr_t)sieve->path, sieve->path_size))
		return false;
	fd = reopen(file->pin, call.flags);
	if (fd < 0)
		return false;
	gift = (struct ll_gift){ request->id, (int32_t)fd, (uint32_t)(call.flags & LL_O_CLOEXEC) };
	answered = ll_hand_over(&sieve->handing, sieve->listener, &gift, sieve->steps) != -LL_EINTR;
	if (answered)
		sieve->heat = sieve->heat < LL_HEAT_MAX ? sieve->heat + LL_HEAT_OPEN : LL_HEAT_MAX;
	return answered;
}
