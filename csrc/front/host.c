#include "front/host.h"

#include "base/raw.h"
#include "base/uapi.h"

static uint32_t has_action(uint32_t action)
{
	return raw_call3(__NR_seccomp, LL_SECCOMP_GET_ACTION_AVAIL, 0, raw_ptr(&action)) == 0;
}

static uint64_t capabilities(void)
{
	struct ll_cap_header header = { .version = LL_CAP_VERSION_3 };
	struct ll_cap_data data[2] = { { 0 }, { 0 } };

	if (raw_call2(__NR_capget, raw_ptr(&header), raw_ptr(data)) < 0)
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

int32_t ll_probe_host(struct ll_host *ret_host)
{
	const long abi = raw_call3(LL_NR_landlock_create_ruleset, 0, 0, LL_LANDLOCK_CREATE_RULESET_VERSION);
	/* EINVAL before Linux 6.15: no errata reported. */
	const long errata =
		abi < 0 ? 0 : raw_call3(LL_NR_landlock_create_ruleset, 0, 0, LL_LANDLOCK_CREATE_RULESET_ERRATA);
	struct ll_utsname name;
	const long ret = raw_call1(__NR_uname, raw_ptr(&name));

	if (ret < 0)
		return (int32_t)ret;
	*ret_host = (struct ll_host){
		.capabilities = capabilities(),
		.abi = abi < 0 ? 0 : (uint32_t)abi,
		.errata = errata < 0 ? 0 : (uint32_t)errata,
		.landlock_errno = abi < 0 ? (uint32_t)-abi : 0,
		.uid = (uint32_t)raw_call0(__NR_geteuid),
		.filter = has_action(LL_SECCOMP_RET_KILL_PROCESS),
		.notify = has_action(LL_SECCOMP_RET_USER_NOTIF),
	};
	for (size_t i = 0; i < sizeof(name.release) && name.release[i] != '\0'; i++)
		ret_host->release[i] = name.release[i];
	return 0;
}
