#include "broker/listener.h"

#include "base/raw.h"
#include "base/uapi.h"

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

static int32_t answer(int32_t listener, uint64_t id, long result)
{
	const struct ll_notif_resp response = { .id = id,
						.val = result < 0 ? 0 : result,
						.error = result < 0 ? (int32_t)result : 0 };

	ll_listener_call(listener, LL_SECCOMP_IOCTL_NOTIF_SEND, &response);
	return response.error;
}

/* The caller still waits when our fd is closed. */
static int32_t in_two_steps(int32_t listener, struct ll_notif_addfd *addfd)
{
	long ret;

	addfd->flags = 0;
	ret = ll_listener_call(listener, LL_SECCOMP_IOCTL_NOTIF_ADDFD, addfd);
	raw_call1(__NR_close, (int32_t)addfd->srcfd);
	return answer(listener, addfd->id, ret);
}

/* EINVAL before Linux 5.14. */
static int32_t in_one_step(int32_t listener, struct ll_notif_addfd *addfd)
{
	long ret;

	addfd->flags = LL_SECCOMP_ADDFD_FLAG_SEND;
	ret = ll_listener_call(listener, LL_SECCOMP_IOCTL_NOTIF_ADDFD, addfd);
	if (ret == -LL_EINVAL)
		return in_two_steps(listener, addfd);
	raw_call1(__NR_close, (int32_t)addfd->srcfd);
	return ret < 0 ? answer(listener, addfd->id, ret) : 0;
}

uint32_t ll_handing_steps(void)
{
	const long flags = LL_SECCOMP_FILTER_FLAG_NEW_LISTENER | LL_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;

	return raw_call3(__NR_seccomp, LL_SECCOMP_SET_MODE_FILTER, flags, 0) == -LL_EFAULT ? 2 : 1;
}

static int32_t hand_over(int32_t listener, const struct ll_gift *gift, uint32_t steps)
{
	struct ll_notif_addfd addfd = { .id = gift->id, .srcfd = (uint32_t)gift->fd, .newfd_flags = gift->fd_flags };

	return steps == 2 ? in_two_steps(listener, &addfd) : in_one_step(listener, &addfd);
}

int32_t ll_hand_over(uint32_t *handing, int32_t listener, const struct ll_gift *gift, uint32_t steps)
{
	int32_t ret;

	if (!change(handing, LL_HANDING)) {
		raw_call1(__NR_close, gift->fd);
		return -LL_EINTR;
	}
	ret = hand_over(listener, gift, steps);
	__atomic_store_n(handing, LL_FREE, __ATOMIC_SEQ_CST);
	return ret;
}

int32_t ll_give_fd(int32_t listener, const uint64_t *id, int32_t fd, uint32_t fd_flags, uint32_t steps)
{
	const struct ll_gift gift = { *id, fd, fd_flags };
	const uint64_t all = ~UINT64_C(0);
	uint64_t before = 0;
	int32_t ret;

	if (steps == 2)
		return hand_over(listener, &gift, steps);
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&all), raw_ptr(&before), sizeof(all));
	ret = hand_over(listener, &gift, steps);
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&before), 0, sizeof(before));
	return ret;
}
