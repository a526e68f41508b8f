#include "audit/sink.h"

#include "base/file.h"
#include "base/raw.h"

enum {
	BUFFER_MAX = 1024 * 1024, /* of it only pages that were written to take memory */
	FLUSH_TIMEOUT_MS = 2000,
	FD_DIGITS = 6,
};

/* What follows prefix in name; NULL if name doesn't start with it. */
static const char *after(const char *name, const char *prefix)
{
	while (*prefix != '\0') {
		if (*name++ != *prefix++)
			return NULL;
	}
	return name;
}

/* One to six digits and nothing else; or -1. */
static int fd_number(const char *digits)
{
	int fd = 0;
	int count = 0;

	for (; digits[count] != '\0'; count++) {
		if (digits[count] < '0' || digits[count] > '9' || count == FD_DIGITS)
			return -1;
		fd = fd * 10 + (digits[count] - '0');
	}
	return count == 0 ? -1 : fd;
}

/* The fd that a sink is named by; -1 where it is a file. */
static int inherited_fd(const char *name)
{
	static const struct {
		const char *name;
		int fd;
	} names[] = { { "-", 2 }, { "/dev/stdout", 1 }, { "/dev/stderr", 2 } };
	static const char *const prefixes[] = { "fd:", "/dev/fd/", "/proc/self/fd/" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *rest = after(name, names[i].name);

		if (rest != NULL && *rest == '\0')
			return names[i].fd;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const char *rest = after(name, prefixes[i]);

		if (rest != NULL)
			return fd_number(rest);
	}
	return -1;
}

static bool find_type(struct ll_sink *sink)
{
	struct ll_statx status;

	if (ll_stat_path(sink->fd, "", LL_AT_EMPTY_PATH, &status) != 0)
		return false;
	sink->type = status.mode & LL_S_IFMT;
	return true;
}

/* A link on the way may be a workload's: ELOOP. */
static int open_path(const char *path, struct ll_sink *sink)
{
	const struct ll_open_how how = {
		.flags = LL_O_WRONLY | LL_O_CREAT | LL_O_APPEND | LL_O_NOCTTY | LL_O_NONBLOCK | LL_O_CLOEXEC,
		.mode = 0600,
		.resolve = LL_RESOLVE_NO_SYMLINKS,
	};

	/* What only looks like fd:N is no file. */
	if (path[0] == '\0' || after(path, "fd:") != NULL)
		return -LL_EINVAL;
	sink->fd = (int)raw_call4(LL_NR_openat2, LL_AT_FDCWD, raw_ptr(path), raw_ptr(&how), sizeof(how));
	if (sink->fd < 0)
		return sink->fd;
	sink->owned = true;
	return find_type(sink) ? 0 : -LL_EBADF;
}

/* An inherited pipe is opened anew, so that not blocking on it changes nothing for the others that have it. */
static int open_inherited(int fd, struct ll_sink *sink)
{
	const long flags = raw_call2(__NR_fcntl, fd, LL_F_GETFL);
	char path[LL_PATH_SIZE];
	long again;

	sink->fd = fd;
	if (flags < 0 || !find_type(sink))
		return -LL_EBADF;
	if ((flags & LL_O_ACCMODE) == LL_O_RDONLY)
		return -LL_EACCES;
	if (sink->type != LL_S_IFIFO || !ll_fd_path(fd, path))
		return 0;
	again = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(path),
			  LL_O_WRONLY | LL_O_NONBLOCK | LL_O_NOCTTY | LL_O_CLOEXEC, 0);
	if (again >= 0) {
		sink->fd = (int)again;
		sink->owned = true;
	}
	return 0;
}

int ll_sink_open(const char *name, struct ll_sink *ret_sink, int32_t *ret_fd)
{
	struct ll_sink sink = { .waiting = { .room = BUFFER_MAX } };
	int ret;

	*ret_fd = inherited_fd(name);
	sink.waiting.bytes = ll_map_memory(BUFFER_MAX);
	if (sink.waiting.bytes == NULL)
		return -LL_ENOMEM;
	ret = *ret_fd < 0 ? open_path(name, &sink) : open_inherited(*ret_fd, &sink);
	if (ret < 0)
		ll_sink_close(&sink);
	else
		*ret_sink = sink;
	return ret;
}

/* Not a FIFO: its reader would take the moment before Bun opens it for the end. */
void ll_sink_close(struct ll_sink *sink)
{
	if (sink->owned && sink->type != LL_S_IFIFO)
		raw_call1(__NR_close, sink->fd);
	raw_call2(__NR_munmap, raw_ptr(sink->waiting.bytes), BUFFER_MAX);
}

static void lose(struct ll_sink *sink, uint32_t events, int error)
{
	sink->lost += events;
	sink->error = error;
}

/* What is waiting moves to the front of the buffer. */
static void close_up(struct ll_sink *sink)
{
	struct ll_text *waiting = &sink->waiting;

	for (size_t i = sink->taken; i < waiting->size; i++)
		waiting->bytes[i - sink->taken] = waiting->bytes[i];
	waiting->size -= sink->taken;
	sink->taken = 0;
}

struct ll_text *ll_sink_line(struct ll_sink *sink)
{
	close_up(sink);
	sink->line_at = sink->waiting.size;
	return &sink->waiting;
}

/* What is left of the first line that is waiting, with its newline. */
static size_t first_line(const struct ll_sink *sink)
{
	size_t end = sink->taken;

	while (sink->waiting.bytes[end] != '\n')
		end++;
	return end + 1 - sink->taken;
}

/* Only EAGAIN leaves anything waiting. */
static void drain(struct ll_sink *sink)
{
	while (sink->taken < sink->waiting.size) {
		const char *line = sink->waiting.bytes + sink->taken;
		const size_t size = first_line(sink);
		const long ret = sink->type == LL_S_IFSOCK ? raw_call6(__NR_sendto, sink->fd, raw_ptr(line), (long)size,
								       LL_MSG_DONTWAIT | LL_MSG_NOSIGNAL, 0, 0)
							   : raw_call3(__NR_write, sink->fd, raw_ptr(line), (long)size);

		if (ret == -LL_EAGAIN)
			return;
		if (ret == -LL_EINTR)
			continue;
		sink->taken += ret < 0 ? size : (size_t)ret;
		if (ret < 0)
			lose(sink, 1, (int)-ret);
	}
}

void ll_sink_end_line(struct ll_sink *sink)
{
	ll_text_add(&sink->waiting, "\n");
	if (sink->waiting.cut) {
		sink->waiting.cut = false;
		sink->waiting.size = sink->line_at;
		lose(sink, 1, LL_EAGAIN);
		return;
	}
	drain(sink);
}

void ll_sink_finish(struct ll_sink *sink)
{
	struct ll_pollfd poll = { .fd = sink->fd, .events = LL_POLLOUT };
	const int64_t end = ll_now_ms() + FLUSH_TIMEOUT_MS;

	drain(sink);
	while (sink->taken < sink->waiting.size) {
		const int64_t left = end - ll_now_ms();
		const struct ll_timespec timeout = { .seconds = left / 1000, .nanoseconds = left % 1000 * 1000000 };

		if (left <= 0 || raw_call5(__NR_ppoll, raw_ptr(&poll), 1, raw_ptr(&timeout), 0, 0) == 0)
			break;
		drain(sink);
	}
	while (sink->taken < sink->waiting.size) {
		sink->taken += first_line(sink);
		lose(sink, 1, LL_EAGAIN);
	}
}
