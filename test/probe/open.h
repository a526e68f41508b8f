/* Opening, for the probes of files. */
#ifndef OPEN_H
#define OPEN_H

#include "probe.h"

#include <linux/openat2.h>

static inline long close_it(long fd)
{
	if (fd >= 0)
		raw_call1(__NR_close, fd);
	return fd;
}

/* Reads a byte of what was opened, and closes it: an fd alone proves little. */
static inline long read_one(long fd)
{
	char byte;
	long got;

	if (fd < 0)
		return fd;
	got = raw_call3(__NR_read, fd, P(&byte), 1);
	raw_call1(__NR_close, fd);
	return got;
}

static inline long openat_flags(const char *path, long flags)
{
	return raw_call4(__NR_openat, AT_FDCWD, P(path), flags, 0600);
}

static inline long openat2_at(long dir, const char *path, struct open_how how)
{
	return raw_call4(__NR_openat2, dir, P(path), P(&how), sizeof how);
}

#endif
