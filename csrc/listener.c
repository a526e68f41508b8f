#include "listener.h"

#include "raw.h"
#include "uapi.h"

long ll_listener_call(int32_t listener, uint32_t request, const void *argument)
{
	long ret;

	do
		ret = raw_call3(__NR_ioctl, listener, request, raw_ptr(argument));
	while (ret == -LL_EINTR);
	return ret;
}

static bool change(uint32_t *handing, uint32_t to)
{
	uint32_t expected = LL_FREE;

	return __atomic_compare_exchange_n(handing, &expected, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool ll_handing_stop(uint32_t *handing)
{
	return __atomic_load_n(handing, __ATOMIC_SEQ_CST) == LL_STOPPED || change(handing, LL_STOPPED);
}

/* Before Linux 5.14 in two steps: a caller that is interrupted in between keeps an fd that it doesn't know of. */
static int answer_fd(int32_t listener, uint64_t id, int32_t fd, uint32_t fd_flags)
{
	struct ll_notif_addfd addfd = {
		.id = id,
		.flags = LL_SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = (uint32_t)fd,
		.newfd_flags = fd_flags,
	};
	struct ll_notif_resp response = { .id = id };
	long ret = ll_listener_call(listener, LL_SECCOMP_IOCTL_NOTIF_ADDFD, &addfd);

	if (ret >= 0)
		return 0;
	if (ret == -LL_EINVAL) {
		addfd.flags = 0;
		ret = ll_listener_call(listener, LL_SECCOMP_IOCTL_NOTIF_ADDFD, &addfd);
		response.val = ret < 0 ? 0 : ret;
	}
	response.error = ret < 0 ? (int32_t)ret : 0;
	ll_listener_call(listener, LL_SECCOMP_IOCTL_NOTIF_SEND, &response);
	return response.error;
}

int ll_hand_over(uint32_t *handing, int32_t listener, uint64_t id, int32_t fd, uint32_t fd_flags)
{
	int ret;

	if (!change(handing, LL_HANDING))
		return -LL_EINTR;
	ret = answer_fd(listener, id, fd, fd_flags);
	__atomic_store_n(handing, LL_FREE, __ATOMIC_SEQ_CST);
	return ret;
}

int32_t ll_give_fd(int32_t listener, const uint64_t *id, int32_t fd, uint32_t fd_flags)
{
	const uint64_t all = ~UINT64_C(0);
	uint64_t before = 0;
	int ret;

	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&all), raw_ptr(&before), sizeof(all));
	ret = answer_fd(listener, *id, fd, fd_flags);
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&before), 0, sizeof(before));
	return ret;
}
