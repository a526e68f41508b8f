#include "front_audit.h"

#include "front_file.h"
#include "raw.h"

enum {
	LINE_SIZE = 3 * LL_PATH_SIZE,
	TEXT_MAX = LL_PATH_SIZE - 1024, /* three such texts and all the rest fit in a line */
	FD_DIGITS = 6,
	NOT_A_SINK = -2,
	NOT_AN_FD = -1,
};

struct line {
	char text[LINE_SIZE];
	size_t size;
};

static void add(struct line *line, const char *text)
{
	while (*text != '\0' && line->size < LINE_SIZE - 1)
		line->text[line->size++] = *text++;
}

static void add_number(struct line *line, uint32_t number)
{
	char text[LL_NUMBER_SIZE];

	ll_front_number(text, number);
	add(line, text);
}

static void add_padded(struct line *line, uint32_t number, uint32_t digits)
{
	for (uint32_t limit = 10, i = 1; i < digits; i++, limit *= 10) {
		if (number < limit)
			add(line, "0");
	}
	add_number(line, number);
}

/* UTC to the millisecond, as Date.toISOString() has it. Days to a date: H. Hinnant, chrono-compatible algorithms. */
static void add_time(struct line *line)
{
	struct ll_timespec now = { 0 };

	raw_call2(__NR_clock_gettime, LL_CLOCK_REALTIME, raw_ptr(&now));
	const uint64_t days = (uint64_t)now.seconds / 86400 + 719468;
	const uint32_t second = (uint32_t)((uint64_t)now.seconds % 86400);
	const uint64_t era_day = days % 146097;
	const uint64_t era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
	const uint64_t year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
	const uint64_t month = (5 * year_day + 2) / 153; /* from March */

	add_padded(line, (uint32_t)(days / 146097 * 400 + era_year + (month >= 10)), 4);
	add(line, "-");
	add_padded(line, (uint32_t)(month < 10 ? month + 3 : month - 9), 2);
	add(line, "-");
	add_padded(line, (uint32_t)(year_day - (153 * month + 2) / 5 + 1), 2);
	add(line, "T");
	add_padded(line, second / 3600, 2);
	add(line, ":");
	add_padded(line, second / 60 % 60, 2);
	add(line, ":");
	add_padded(line, second % 60, 2);
	add(line, ".");
	add_padded(line, (uint32_t)(now.nanoseconds / 1000000), 3);
	add(line, "Z");
}

static void add_head(struct line *line, const struct ll_sink *sink, const char *event, int pid)
{
	add(line, "{\"component\":\"landlockd\",\"event\":\"");
	add(line, event);
	add(line, "\",\"timestamp\":\"");
	add_time(line);
	add(line, "\",\"job_id\":");
	if (sink->job_id != NULL) {
		add(line, "\"");
		add(line, sink->job_id);
		add(line, "\"");
	} else {
		add(line, "null");
	}
	add(line, ",\"run_id\":\"");
	add(line, sink->run_id);
	add(line, "\",\"pid\":");
	add_number(line, (uint32_t)pid);
}

static void write_line(struct ll_sink *sink, struct line *line)
{
	size_t done = 0;

	add(line, "}");
	line->text[line->size++] = '\n';
	while (done < line->size) {
		const long ret = raw_call3(__NR_write, sink->fd, raw_ptr(line->text + done), (long)(line->size - done));

		if (ret == -LL_EINTR)
			continue;
		if (ret < 0) {
			sink->lost++;
			sink->error = (int)-ret;
			return;
		}
		done += (size_t)ret;
	}
}

void ll_front_event_start(struct ll_sink *sink, int pid, const char *policy_file, const char *argv0)
{
	struct line line = { .size = 0 };

	add_head(&line, sink, "run.start", pid);
	add(&line, ",\"policy_file\":\"");
	add(&line, policy_file);
	add(&line, "\",\"argv0\":\"");
	add(&line, argv0);
	add(&line, "\"");
	write_line(sink, &line);
}

void ll_front_event_end(struct ll_sink *sink, int pid, int status)
{
	struct line line = { .size = 0 };
	const int signal = status & 0x7f;

	add_head(&line, sink, signal == 0 ? "run.exit" : "run.signal", pid);
	add(&line, signal == 0 ? ",\"status\":" : ",\"signal\":");
	add_number(&line, signal == 0 ? (uint32_t)status >> 8 & 0xff : (uint32_t)signal);
	write_line(sink, &line);
}

/* Text that JSON takes as it is. */
static bool is_plain(const char *text)
{
	size_t size = 0;

	while (text[size] >= ' ' && text[size] <= '~' && text[size] != '"' && text[size] != '\\')
		size++;
	return text[size] == '\0' && size <= TEXT_MAX;
}

/* A random UUID, RFC 9562 version 4. */
static bool make_run_id(char ret_id[LL_RUN_ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[16];
	size_t at = 0;

	if (raw_call3(__NR_getrandom, raw_ptr(bytes), sizeof(bytes), 0) != sizeof(bytes))
		return false;
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			ret_id[at++] = '-';
		ret_id[at++] = digits[bytes[i] >> 4];
		ret_id[at++] = digits[bytes[i] & 15];
	}
	ret_id[at] = '\0';
	return true;
}

/* fd:N, or - for stderr. Everything else is a file, but for what only looks like fd:N. */
static int inherited_fd(const char *sink)
{
	int fd = 0;

	if (sink[0] == '-' && sink[1] == '\0')
		return 2;
	if (sink[0] != 'f' || sink[1] != 'd' || sink[2] != ':')
		return NOT_AN_FD;
	for (int i = 3; sink[i] != '\0'; i++) {
		if (sink[i] < '0' || sink[i] > '9' || i >= 3 + FD_DIGITS)
			return NOT_A_SINK;
		fd = fd * 10 + (sink[i] - '0');
	}
	return sink[3] == '\0' ? NOT_A_SINK : fd;
}

static bool is_writable_file(int fd)
{
	struct ll_statx status;
	const long flags = raw_call2(__NR_fcntl, fd, LL_F_GETFL);

	return flags >= 0 && (flags & LL_O_ACCMODE) != LL_O_RDONLY && !(flags & LL_O_PATH) &&
	       ll_front_status(fd, "", LL_AT_EMPTY_PATH, &status) == 0 && (status.mode & LL_S_IFMT) == LL_S_IFREG;
}

/* A link on the way may be a workload's: Bun says so. */
static int open_file(const char *path)
{
	const struct ll_open_how how = {
		.flags = LL_O_WRONLY | LL_O_CREAT | LL_O_APPEND | LL_O_NOCTTY | LL_O_NONBLOCK | LL_O_CLOEXEC,
		.mode = 0600,
		.resolve = LL_RESOLVE_NO_SYMLINKS,
	};

	return (int)raw_call4(LL_NR_openat2, LL_AT_FDCWD, raw_ptr(path), raw_ptr(&how), sizeof(how));
}

bool ll_front_sink_open(const struct ll_stack *stack, const struct ll_request *request, const char *policy_file,
			struct ll_sink *ret_sink)
{
	struct ll_sink sink = { .job_id = ll_front_variable(stack, "LANDLOCKD_JOB_ID") };

	sink.fd = inherited_fd(request->audit);
	sink.owned = sink.fd == NOT_AN_FD;
	if (sink.fd == NOT_A_SINK || !is_plain(policy_file) || !is_plain(request->command[0]) ||
	    (sink.job_id != NULL && !is_plain(sink.job_id)) || !make_run_id(sink.run_id))
		return false;
	if (sink.owned) {
		sink.fd = open_file(request->audit);
		if (sink.fd < 0)
			return false;
	}
	if (!is_writable_file(sink.fd)) {
		ll_front_sink_close(&sink);
		return false;
	}
	*ret_sink = sink;
	return true;
}

void ll_front_sink_close(const struct ll_sink *sink)
{
	if (sink->owned)
		raw_call1(__NR_close, sink->fd);
}
