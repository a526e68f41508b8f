/* What the front has to say itself: one line on stderr, and mostly exit status 125. */
#include "audit/text.h"
#include "base/raw.h"
#include "base/uapi.h"
#include "front/front.h"
#include "front/room.h"
#include "run/supervisor.h"

/* The longest name of a command that can be told, each byte as \u00NN, and the words around it. */
#define LINE_BYTES (6 * 4096 + 512)
#define NOT_PERMITTED 1          /* EPERM */
#define EXEC_DENIED 13           /* EACCES */
#define NOT_DONE 71              /* EPROTO: csrc/plan/proof.h */
#define OWN_FAILURE 125          /* landlockd's own failure before the workload runs */
#define OWN_FAILURE_BESIDE_RUN 2 /* any other command that couldn't do what it was asked */

/* A line in a buffer of its caller's. What doesn't fit is cut off; one byte stays for the end of the line. */
static struct ll_text begin(char buffer[LINE_BYTES])
{
	struct ll_text line = { .bytes = buffer, .room = LINE_BYTES - 1 };

	ll_text_add(&line, "landlockd: ");
	return line;
}

static void write_line(struct ll_text *line)
{
	line->bytes[line->size++] = '\n';
	raw_call3(__NR_write, 2, raw_ptr(line->bytes), (long)line->size);
}

/* The status counts, also where nobody reads stderr any more. */
static _Noreturn void finish(struct ll_text *line, int status)
{
	const struct ll_sigaction ignore = { .handler = 1 };

	raw_call4(__NR_rt_sigaction, LL_SIGPIPE, raw_ptr(&ignore), 0, sizeof(ignore.mask));
	write_line(line);
	raw_call1(__NR_exit_group, status);
	raw_call1(__NR_exit, status);
	__builtin_trap(); /* a policy denied both */
}

_Noreturn void ll_front_say(const char *first, const char *second)
{
	char buffer[LINE_BYTES];
	struct ll_text line = begin(buffer);

	ll_text_add(&line, first);
	ll_text_add(&line, second);
	finish(&line, OWN_FAILURE);
}

/* SIGPIPE is as before afterwards: a run doesn't end by what it is warned of. */
void ll_front_tell(const char *before, const char *path, const char *after)
{
	const struct ll_sigaction ignore = { .handler = 1 };
	struct ll_sigaction own;
	char buffer[LINE_BYTES];
	struct ll_text line = begin(buffer);

	ll_text_add(&line, before);
	ll_text_json_bytes(&line, path);
	ll_text_add(&line, after);
	raw_call4(__NR_rt_sigaction, LL_SIGPIPE, raw_ptr(&ignore), raw_ptr(&own), sizeof(ignore.mask));
	write_line(&line);
	raw_call4(__NR_rt_sigaction, LL_SIGPIPE, raw_ptr(&own), 0, sizeof(own.mask));
}

_Noreturn void ll_front_ended(const char *first, const char *second, int error)
{
	const struct ll_sigaction ignore = { .handler = 1 };
	char buffer[LINE_BYTES];
	struct ll_text line = begin(buffer);

	ll_text_add(&line, first);
	ll_text_add(&line, second);
	if (error != 0) {
		ll_text_add(&line, ": errno ");
		ll_text_number(&line, error);
	}
	raw_call4(__NR_rt_sigaction, LL_SIGPIPE, raw_ptr(&ignore), 0, sizeof(ignore.mask));
	write_line(&line);
	ll_supervisor_exit(LL_SIGKILL);
}

/* What execve(2) may answer, and most of what mounts may: the texts of src/kernel/errno-names.ts. */
static const struct {
	int number;
	const char *text;
} errors[] = {
	{ 1, "Operation not permitted (EPERM)" },
	{ 2, "No such file or directory (ENOENT)" },
	{ 5, "Input/output error (EIO)" },
	{ 7, "Argument list too long (E2BIG)" },
	{ 8, "Exec format error (ENOEXEC)" },
	{ 11, "Resource temporarily unavailable (EAGAIN)" },
	{ 12, "Cannot allocate memory (ENOMEM)" },
	{ 13, "Permission denied (EACCES)" },
	{ 14, "Bad address (EFAULT)" },
	{ 16, "Device or resource busy (EBUSY)" },
	{ 20, "Not a directory (ENOTDIR)" },
	{ 21, "Is a directory (EISDIR)" },
	{ 22, "Invalid argument (EINVAL)" },
	{ 23, "Too many open files in system (ENFILE)" },
	{ 24, "Too many open files (EMFILE)" },
	{ 26, "Text file busy (ETXTBSY)" },
	{ 27, "File too large (EFBIG)" },
	{ 28, "No space left on device (ENOSPC)" },
	{ 36, "File name too long (ENAMETOOLONG)" },
	{ 38, "Function not implemented (ENOSYS)" },
	{ 40, "Too many levels of symbolic links (ELOOP)" },
	{ 71, "Protocol error (EPROTO)" },
	{ 77, "File descriptor in bad state (EBADFD)" },
	{ 110, "Connection timed out (ETIMEDOUT)" },
};

static void add_error(struct ll_text *line, int error)
{
	const char *text = NULL;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].number == error)
			text = errors[i].text;
	ll_text_add(line, text != NULL ? text : "errno ");
	if (text == NULL)
		ll_text_number(line, error);
}

/* WHAT "NAME": ERROR, in words */
static void add_failure(struct ll_text *line, const char *what, const char *name, int error)
{
	ll_text_add(line, what);
	ll_text_json(line, name);
	ll_text_add(line, ": ");
	add_error(line, error);
}

/* Of a landlockd that can't start, as src/cli/main.ts chooses it. */
static int start_status(const struct ll_stack *stack)
{
	const char *command = stack->argc > 1 ? stack->argv[1] : "";
	size_t at = 0;

	while (command[at] != '\0' && command[at] == "run"[at])
		at++;
	return command[at] == '\0' && at == sizeof("run") - 1 ? OWN_FAILURE : OWN_FAILURE_BESIDE_RUN;
}

static _Noreturn void fail(const char *what, const char *path, int error, int status)
{
	char buffer[LINE_BYTES];
	struct ll_text line = begin(buffer);

	ll_text_add(&line, what);
	ll_text_add(&line, " ");
	ll_text_add(&line, path);
	ll_text_add(&line, ": ");
	add_error(&line, error);
	finish(&line, status);
}

_Noreturn void ll_front_fail(const char *what, const char *path, int error)
{
	fail(what, path, error, OWN_FAILURE);
}

_Noreturn void ll_front_fail_start(const struct ll_stack *stack, const char *what, const char *path, int error)
{
	fail(what, path, error, start_status(stack));
}

_Noreturn void ll_front_refuse(const struct ll_stack *stack, const char *first, const char *second)
{
	char buffer[LINE_BYTES];
	struct ll_text line = begin(buffer);

	ll_text_add(&line, first);
	ll_text_add(&line, second);
	finish(&line, start_status(stack));
}

_Noreturn void ll_front_fail_room(const struct ll_stack *stack, const struct ll_lack *lack)
{
	char buffer[LINE_BYTES];
	struct ll_text line = begin(buffer);

	ll_text_add(&line, "cannot start: ");
	ll_text_add(&line, lack->what);
	if (lack->unit == NULL) {
		ll_text_add(&line, ": ");
		add_error(&line, lack->error);
	} else {
		ll_text_add(&line, " is ");
		ll_text_number(&line, (int64_t)lack->has);
		ll_text_add(&line, lack->unit);
		ll_text_add(&line, ", and landlockd needs ");
		ll_text_number(&line, (int64_t)lack->needs);
	}
	finish(&line, start_status(stack));
}

/* What writing to a sink may fail with, as src/kernel/errno-names.ts has it; NULL for anything else. */
static const char *write_error(int error)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{ 5, "EIO" },       { 6, "ENXIO" },         { 9, "EBADF" },          { 11, "EAGAIN" },
		{ 12, "ENOMEM" },   { 22, "EINVAL" },       { 27, "EFBIG" },         { 28, "ENOSPC" },
		{ 32, "EPIPE" },    { 89, "EDESTADDRREQ" }, { 90, "EMSGSIZE" },      { 104, "ECONNRESET" },
		{ 105, "ENOBUFS" }, { 107, "ENOTCONN" },    { 111, "ECONNREFUSED" }, { 122, "EDQUOT" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == error)
			return names[i].name;
	return NULL;
}

void ll_front_tell_lost(unsigned int events, int error)
{
	char buffer[LINE_BYTES];
	struct ll_text line = begin(buffer);
	const char *name = write_error(error);

	ll_text_number(&line, events);
	ll_text_add(&line, " audit events were lost: ");
	ll_text_add(&line, name != NULL ? name : "errno ");
	if (name == NULL)
		ll_text_number(&line, error);
	write_line(&line);
}

void ll_front_tell_notes(const struct ll_plan *plan)
{
	for (uint32_t i = 0; i < ll_plan_fork(plan); i++) {
		char buffer[LINE_BYTES];
		struct ll_text line;

		if (plan->ops[i].kind != LL_OP_NOTE)
			continue;
		line = begin(buffer);
		ll_text_add(&line, plan->data + plan->ops[i].text_offset);
		write_line(&line);
	}
}

_Noreturn void ll_front_fail_setup(const char *subject, int error)
{
	char buffer[LINE_BYTES];
	struct ll_text line = begin(buffer);

	add_failure(&line, "cannot set up the sandbox with ", subject, error);
	ll_text_add(&line, error == NOT_DONE
				   ? "\n  hint: the kernel says that it restricts this process, and doesn't"
				   : "\n  hint: with LANDLOCKD_NO_FAST_PATH=1 in the environment, its place in the "
				     "policy is told");
	finish(&line, OWN_FAILURE);
}

_Noreturn void ll_front_fail_exec(const char *name, int error, int status)
{
	char buffer[LINE_BYTES];
	struct ll_text line = begin(buffer);

	add_failure(&line, "cannot execute ", name, error);
	if (error == EXEC_DENIED)
		ll_text_add(
			&line,
			"\n  hint: the policy must grant execute and read_file on the program, its interpreter and its libraries");
	if (error == NOT_PERMITTED)
		ll_text_add(
			&line,
			"\n  hint: if the policy's [seccomp] deny names execve: it denies the start of the command itself");
	finish(&line, status);
}
