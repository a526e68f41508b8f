#include "audit/audit.h"

#include "base/file.h"
#include "base/raw.h"
#include "base/uapi.h"

static void add_padded(struct ll_text *line, uint32_t number, uint32_t digits)
{
	for (uint32_t limit = 10, i = 1; i < digits; i++, limit *= 10) {
		if (number < limit)
			ll_text_add(line, "0");
	}
	ll_text_number(line, number);
}

/* UTC to the millisecond, as Date.toISOString() has it. Days to a date: H. Hinnant, chrono-compatible algorithms. */
static void add_time(struct ll_text *line)
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
	ll_text_add(line, "-");
	add_padded(line, (uint32_t)(month < 10 ? month + 3 : month - 9), 2);
	ll_text_add(line, "-");
	add_padded(line, (uint32_t)(year_day - (153 * month + 2) / 5 + 1), 2);
	ll_text_add(line, "T");
	add_padded(line, second / 3600, 2);
	ll_text_add(line, ":");
	add_padded(line, second / 60 % 60, 2);
	ll_text_add(line, ":");
	add_padded(line, second % 60, 2);
	ll_text_add(line, ".");
	add_padded(line, (uint32_t)(now.nanoseconds / 1000000), 3);
	ll_text_add(line, "Z");
}

/* What every event has. */
static struct ll_text *begin(struct ll_audit *audit, const char *event, const char *job_id)
{
	struct ll_text *line = ll_sink_line(&audit->sink);

	ll_text_add(line, "{\"component\":\"landlockd\",\"event\":\"");
	ll_text_add(line, event);
	ll_text_add(line, "\",\"timestamp\":\"");
	add_time(line);
	ll_text_add(line, "\",\"job_id\":");
	if (job_id != NULL)
		ll_text_json(line, job_id);
	else
		ll_text_add(line, "null");
	ll_text_add(line, ",\"run_id\":\"");
	ll_text_add(line, audit->run_id);
	ll_text_add(line, "\"");
	return line;
}

static struct ll_text *begin_of(struct ll_audit *audit, const char *event, int pid)
{
	struct ll_text *line = begin(audit, event, audit->job_id);

	ll_text_add(line, ",\"pid\":");
	ll_text_number(line, pid);
	return line;
}

static void end(struct ll_audit *audit, struct ll_text *line)
{
	ll_text_add(line, "}");
	ll_sink_end_line(&audit->sink);
}

/* A random UUID (RFC 9562, version 4). 0 or -errno. */
static int make_run_id(char ret_id[LL_RUN_ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[16];
	size_t at = 0;
	const long ret = raw_call3(__NR_getrandom, raw_ptr(bytes), sizeof(bytes), 0);

	if (ret != sizeof(bytes))
		return ret < 0 ? (int)ret : -LL_EAGAIN;
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			ret_id[at++] = '-';
		ret_id[at++] = digits[bytes[i] >> 4];
		ret_id[at++] = digits[bytes[i] & 15];
	}
	ret_id[at] = '\0';
	return 0;
}

/* Copies a string to *at, which moves past it. */
static const char *copy(char **at, const char *text)
{
	const char *start = *at;

	do
		*(*at)++ = *text;
	while (*text++ != '\0');
	return start;
}

int32_t ll_audit_open(const struct ll_audit_names *names, struct ll_audit **ret_audit, int32_t *ret_fd)
{
	const size_t job_size = names->job_id == NULL ? 0 : ll_text_size(names->job_id) + 1;
	const size_t size = sizeof(struct ll_audit) + job_size + ll_text_size(names->policy_file) + 1;
	struct ll_audit *audit = ll_map_memory(size);
	char *at;
	int ret;

	*ret_fd = -1;
	if (audit == NULL)
		return -LL_ENOMEM;
	at = (char *)(audit + 1);
	audit->size = size;
	audit->job_id = names->job_id == NULL ? NULL : copy(&at, names->job_id);
	audit->policy_file = copy(&at, names->policy_file);
	ret = make_run_id(audit->run_id);
	if (ret == 0)
		ret = ll_sink_open(names->sink, &audit->sink, ret_fd);
	if (ret < 0)
		raw_call2(__NR_munmap, raw_ptr(audit), (long)size);
	else
		*ret_audit = audit;
	return ret;
}

void ll_audit_give_back(struct ll_audit *audit)
{
	ll_sink_close(&audit->sink);
	raw_call2(__NR_munmap, raw_ptr(audit), (long)audit->size);
}

void ll_audit_write(struct ll_audit *audit, const char *event, const char *job_id, const char *fields, uint32_t size)
{
	struct ll_text *line = begin(audit, event, job_id == NULL ? audit->job_id : job_id);

	if (size > 0)
		ll_text_add(line, ",");
	ll_text_add_bytes(line, fields, size);
	end(audit, line);
}

/* How a mount went: error is 0 or a positive errno. */
static void add_decision(struct ll_text *line, int error)
{
	if (error == 0) {
		ll_text_add(line, ",\"decision\":\"allow\"");
		return;
	}
	ll_text_add(line, ",\"decision\":\"error\",\"errno\":");
	ll_text_number(line, error);
}

/* target is NULL where there is none. */
static void add_bind(struct ll_audit *audit, const struct ll_plan *plan, int keeper, const struct ll_op *source,
		     const struct ll_op *target, int error)
{
	struct ll_text *line = begin_of(audit, "mount.bind", keeper);

	ll_text_add(line, ",\"source\":");
	ll_text_json_bytes(line, plan->data + source->text_offset);
	ll_text_add(line, ",\"target\":");
	ll_text_json_bytes(line, target == NULL ? "" : plan->data + target->text_offset);
	ll_text_add(line, ",\"read_only\":");
	ll_text_add(line, source->flags & LL_FLAG_BIND_SOURCE_READ_ONLY ? "true" : "false");
	add_decision(line, error);
	end(audit, line);
}

static void add_new(struct ll_audit *audit, const struct ll_plan *plan, int keeper, const struct ll_op *op, int error)
{
	struct ll_text *line = begin_of(audit, op->kind == LL_OP_TMPFS ? "mount.tmpfs" : "mount.proc", keeper);

	ll_text_add(line, ",\"path\":");
	ll_text_json_bytes(line, plan->data + op->text_offset);
	add_decision(line, error);
	end(audit, line);
}

/* The op that attaches tree number index. */
static const struct ll_op *bind_of(const struct ll_plan *plan, uint64_t index)
{
	for (uint32_t i = 0; i < ll_plan_fork(plan); i++)
		if (plan->ops[i].kind == LL_OP_BIND && plan->ops[i].a == index)
			return &plan->ops[i];
	return NULL;
}

void ll_audit_mounts(struct ll_audit *audit, const struct ll_plan *plan, int keeper, int32_t failed_op, int error)
{
	uint64_t sources = 0;

	for (uint32_t i = 0; i < ll_plan_fork(plan); i++) {
		const struct ll_op *op = &plan->ops[i];
		const int failure = (int32_t)i == failed_op ? error : 0;

		if (op->kind == LL_OP_BIND)
			add_bind(audit, plan, keeper, ll_plan_source(plan, op->a), op, failure);
		else if (op->kind == LL_OP_TMPFS || op->kind == LL_OP_PROC)
			add_new(audit, plan, keeper, op, failure);
		/* A source is only a bind's first half: worth a line where it fails. */
		else if (op->kind == LL_OP_BIND_SOURCE && failure != 0)
			add_bind(audit, plan, keeper, op, bind_of(plan, sources), failure);
		sources += op->kind == LL_OP_BIND_SOURCE;
		if (failure != 0)
			return;
	}
}

void ll_audit_start(struct ll_audit *audit, const struct ll_plan *plan, int keeper, int pid, const char *argv0)
{
	struct ll_text *line;

	ll_audit_mounts(audit, plan, keeper, -1, 0);
	line = begin_of(audit, "run.start", pid);
	ll_text_add(line, ",\"policy_file\":");
	ll_text_json(line, audit->policy_file);
	ll_text_add(line, ",\"argv0\":");
	ll_text_json_bytes(line, argv0);
	end(audit, line);
}

void ll_audit_end(struct ll_audit *audit, int32_t pid, int32_t status)
{
	const int signal = status & 0x7f;
	struct ll_text *line = begin_of(audit, signal == 0 ? "run.exit" : "run.signal", pid);

	ll_text_add(line, signal == 0 ? ",\"status\":" : ",\"signal\":");
	ll_text_number(line, signal == 0 ? status >> 8 & 0xff : signal);
	end(audit, line);
}

uint32_t ll_audit_finish(struct ll_audit *audit, int32_t *ret_error)
{
	ll_sink_finish(&audit->sink);
	*ret_error = audit->sink.error;
	return audit->sink.lost;
}
