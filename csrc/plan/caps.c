#include "plan/caps.h"

#include "base/raw.h"
#include "base/uapi.h"

/* prctl(2): EINVAL past the kernel's last capability, EPERM without CAP_SETPCAP. */
static int drop_bounding_set(void)
{
	for (int cap = 0; cap < LL_CAP_LIMIT; cap++) {
		const long ret = raw_call5(__NR_prctl, LL_PR_CAPBSET_DROP, cap, 0, 0, 0);

		if (ret < 0)
			return ret == -LL_EINVAL ? 0 : (int)ret;
	}
	return 0;
}

/*
 * capabilities(7). execve gives user 0 the bounding set's capabilities, but
 * not with SECBIT_NOROOT: one call, where to empty that set takes one for each
 * capability, a tenth of a start. EPERM where somebody locked the bit open:
 * then it is emptied.
 */
static int disown_root(void)
{
	const long bits = raw_call5(__NR_prctl, LL_PR_GET_SECUREBITS, 0, 0, 0, 0);
	long ret = bits;

	if (bits >= 0)
		ret = raw_call5(__NR_prctl, LL_PR_SET_SECUREBITS, bits | LL_SECBIT_NOROOT | LL_SECBIT_NOROOT_LOCKED, 0,
				0, 0);
	return ret == -LL_EPERM ? drop_bounding_set() : (int)ret;
}

/*
 * Root first, while CAP_SETPCAP is there to do it; without it, and for the
 * capabilities of files, no_new_privs keeps execve from handing any out.
 */
int ll_drop_caps(void)
{
	struct ll_cap_header header = { .version = LL_CAP_VERSION_3 };
	struct ll_cap_data data[2] = { { 0 }, { 0 } };
	long ret = raw_call2(__NR_capget, raw_ptr(&header), raw_ptr(data));

	if (ret == 0 && (data[0].effective >> LL_CAP_SETPCAP & 1))
		ret = disown_root();
	if (ret == 0)
		ret = raw_call5(__NR_prctl, LL_PR_CAP_AMBIENT, LL_PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (ret < 0)
		return (int)ret;
	for (int i = 0; i < 2; i++)
		data[i] = (struct ll_cap_data){ 0 };
	return (int)raw_call2(__NR_capset, raw_ptr(&header), raw_ptr(data));
}
