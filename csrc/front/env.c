/*
 * The environment that Bun sees. A list of what landlockd itself reads, not
 * of what is dangerous: BUN_*, LD_*, GLIBC_TUNABLES, MALLOC_*, NODE_*, JSC_*
 * and whatever else steers Bun, ld.so or libc one day never gets through.
 * The workload gets the environment of the start record, which is complete.
 */
#include "front/front.h"

/* A name that ends in '*' stands for all that begin so. */
static const char *const passing[] = {
	"HOME",     "PATH",        "PWD",           "USER",       "LOGNAME",        "TMPDIR",
	"XDG_*",    "LANDLOCKD_*", "TERM",          "COLORTERM",  "COLUMNS",        "LINES",
	"NO_COLOR", "FORCE_COLOR", "CLICOLOR*",     "CI",         "GITHUB_ACTIONS", "LANG",
	"LANGUAGE", "LC_*",        "NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS",     "LISTEN_FDNAMES",
};

static bool matches(const char *name, const char *entry)
{
	while (*name != '\0' && *name == *entry) {
		name++;
		entry++;
	}
	if (*name == '*')
		return true;
	return *name == '\0' && *entry == '=';
}

bool ll_front_env_passes(const char *entry)
{
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (matches(passing[i], entry))
			return true;
	return false;
}
