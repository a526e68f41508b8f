#include "front/audit.h"

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

/* What every event has, and its pid. */
static struct ll_text *begin(struct ll_record *record, const char *event, int pid)
{
	struct ll_text *line = ll_sink_line(&record->sink);

	ll_text_add(line, "{\"component\":\"landlockd\",\"event\":\"");
	ll_text_add(line, event);
	ll_text_add(line, "\",\"timestamp\":\"");
	add_time(line);
	ll_text_add(line, "\",\"job_id\":");
	if (record->job_id != NULL)
		ll_text_json(line, record->job_id);
	else
		ll_text_add(line, "null");
	ll_text_add(line, ",\"run_id\":\"");
	ll_text_add(line, record->run_id);
	ll_text_add(line, "\",\"pid\":");
	ll_text_number(line, pid);
	return line;
}

static void end(struct ll_record *record, struct ll_text *line)
{
	ll_text_add(line, "}");
	ll_sink_end_line(&record->sink);
}

/* A random UUID (RFC 9562, version 4); false where the kernel has no randomness. */
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

static bool starts_with(const char *text, const char *prefix)
{
	while (*prefix != '\0' && *text == *prefix) {
		text++;
		prefix++;
	}
	return *prefix == '\0';
}

/* As Bun names it: a file of the user's never looks like a policy of landlockd's own. */
static bool name_policy(const struct ll_request *request, const char *policy, char ret_name[LL_PATH_SIZE])
{
	static const char built_in[] = "built-in:";
	const char *const own[] = { built_in, request->policy_name };
	const char *const file[] = { starts_with(policy, built_in) ? "./" : "", policy };

	return ll_front_join(ret_name, policy[0] == '\0' ? own : file, 2) && ll_text_is_utf8(ret_name);
}

/* A scope that the kernel lacks is an event of its own (run.degraded): Bun tells it. */
static bool has_scopes(void)
{
	return raw_call3(LL_NR_landlock_create_ruleset, 0, 0, LL_LANDLOCK_CREATE_RULESET_VERSION) >= LL_ABI_SCOPES;
}

bool ll_record_open(const struct ll_stack *stack, const struct ll_request *request, const char *policy,
		    struct ll_record *ret_record)
{
	ret_record->job_id = ll_front_variable(stack, "LANDLOCKD_JOB_ID");
	return has_scopes() && (ret_record->job_id == NULL || ll_text_is_utf8(ret_record->job_id)) &&
	       name_policy(request, policy, ret_record->policy_file) && make_run_id(ret_record->run_id) &&
	       ll_sink_open(request->audit, &ret_record->sink);
}

void ll_record_close(struct ll_record *record)
{
	ll_sink_close(&record->sink);
}

static void add_bind(struct ll_record *record, const struct ll_plan *plan, const struct ll_op *op, int keeper)
{
	const struct ll_op *source = ll_plan_source(plan, op->a);
	struct ll_text *line = begin(record, "mount.bind", keeper);

	ll_text_add(line, ",\"source\":");
	ll_text_json_bytes(line, plan->data + source->text_offset);
	ll_text_add(line, ",\"target\":");
	ll_text_json_bytes(line, plan->data + op->text_offset);
	ll_text_add(line, ",\"read_only\":");
	ll_text_add(line, source->flags & LL_FLAG_BIND_SOURCE_READ_ONLY ? "true" : "false");
	ll_text_add(line, ",\"decision\":\"allow\"");
	end(record, line);
}

static void add_new(struct ll_record *record, const struct ll_plan *plan, const struct ll_op *op, int keeper)
{
	struct ll_text *line = begin(record, op->kind == LL_OP_TMPFS ? "mount.tmpfs" : "mount.proc", keeper);

	ll_text_add(line, ",\"path\":");
	ll_text_json_bytes(line, plan->data + op->text_offset);
	ll_text_add(line, ",\"decision\":\"allow\"");
	end(record, line);
}

/* src/run/mount-events.ts, where all went well. */
static void add_mounts(struct ll_record *record, const struct ll_plan *plan, int keeper)
{
	for (uint32_t i = 0; i < ll_plan_fork(plan); i++) {
		const struct ll_op *op = &plan->ops[i];

		if (op->kind == LL_OP_BIND)
			add_bind(record, plan, op, keeper);
		else if (op->kind == LL_OP_TMPFS || op->kind == LL_OP_PROC)
			add_new(record, plan, op, keeper);
	}
}

void ll_record_start(struct ll_record *record, const struct ll_plan *plan, int keeper, int pid, const char *argv0)
{
	struct ll_text *line;

	add_mounts(record, plan, keeper);
	line = begin(record, "run.start", pid);
	ll_text_add(line, ",\"policy_file\":");
	ll_text_json(line, record->policy_file);
	ll_text_add(line, ",\"argv0\":");
	ll_text_json_bytes(line, argv0);
	end(record, line);
}

void ll_record_end(struct ll_record *record, int pid, int status)
{
	const int signal = status & 0x7f;
	struct ll_text *line = begin(record, signal == 0 ? "run.exit" : "run.signal", pid);

	ll_text_add(line, signal == 0 ? ",\"status\":" : ",\"signal\":");
	ll_text_number(line, signal == 0 ? status >> 8 & 0xff : signal);
	end(record, line);
	ll_sink_finish(&record->sink);
	if (record->sink.lost > 0)
		ll_front_tell_lost(record->sink.lost, record->sink.error);
}
