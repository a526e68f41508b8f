/* Mode bits: chmod by every spelling. MODE is octal. */
#include "probe.h"

#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452 /* Linux 6.6; the same number on every architecture */
#endif

static long mode_of(const char *text)
{
	return (long)strtoul(text, NULL, 8);
}

static long fchmod_path(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[1]), O_RDONLY, 0);

	return fd < 0 ? fd : raw_call2(__NR_fchmod, fd, mode_of(argv[0]));
}

static long fchmodat_path(char **argv)
{
	return raw_call3(__NR_fchmodat, AT_FDCWD, P(argv[1]), mode_of(argv[0]));
}

static long fchmodat2_path(char **argv)
{
	return raw_call4(__NR_fchmodat2, AT_FDCWD, P(argv[1]), mode_of(argv[0]), 0);
}

#ifdef __NR_chmod
static long chmod_path(char **argv)
{
	return raw_call2(__NR_chmod, P(argv[1]), mode_of(argv[0]));
}

/* The kernel takes 16 bits of the mode: what lies above them must not hide the ones below. */
static long chmod_high_bits(char **argv)
{
	return raw_call2(__NR_chmod, P(argv[1]), mode_of(argv[0]) | (long)0xdead00000000);
}
#endif

static const struct attempt attempts[] = {
	{ "fchmod", 2, fchmod_path },
	{ "fchmodat", 2, fchmodat_path },
	{ "fchmodat2", 2, fchmodat2_path },
#ifdef __NR_chmod
	{ "chmod", 2, chmod_path },
	{ "chmod_high_bits", 2, chmod_high_bits },
#endif
	{ 0 },
};

PROBE(attempts)
