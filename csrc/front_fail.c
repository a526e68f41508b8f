/* The front's only output: one line on stderr, then exit status 125. */
#include "front.h"
#include "raw.h"
#include "uapi.h"

#define LINE_BYTES 4096
#define EXEC_DENIED 13  /* EACCES */
#define OWN_FAILURE 125 /* landlockd's own failure before the workload runs */

struct line {
	char text[LINE_BYTES];
	size_t length;
};

/* What doesn't fit is cut off; one byte stays for the end of the line. */
static void add(struct line *line, const char *text)
{
	while (*text != '\0' && line->length < LINE_BYTES - 1)
		line->text[line->length++] = *text++;
}

static void add_number(struct line *line, unsigned int number)
{
	char digits[12];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	add(line, digits + at);
}

/* The status counts, also where nobody reads stderr any more. */
static _Noreturn void finish(struct line *line, int status)
{
	const struct ll_sigaction ignore = { .handler = 1 };

	raw_call4(__NR_rt_sigaction, LL_SIGPIPE, raw_ptr(&ignore), 0, sizeof(ignore.mask));
	line->text[line->length++] = '\n';
	raw_call3(__NR_write, 2, raw_ptr(line->text), (long)line->length);
	raw_call1(__NR_exit_group, status);
	raw_call1(__NR_exit, status);
	__builtin_trap(); /* a policy denied both */
}

_Noreturn void ll_front_fail(const char *what, const char *path, int error)
{
	struct line line = { .length = 0 };

	add(&line, "landlockd: ");
	add(&line, what);
	add(&line, " ");
	add(&line, path);
	add(&line, ": errno ");
	add_number(&line, (unsigned int)error);
	finish(&line, OWN_FAILURE);
}

_Noreturn void ll_front_say(const char *first, const char *second)
{
	struct line line = { .length = 0 };

	add(&line, "landlockd: ");
	add(&line, first);
	add(&line, second);
	finish(&line, OWN_FAILURE);
}

/* What execve(2) may answer: the texts of src/kernel/errno.ts. */
static const struct {
	int number;
	const char *text;
} exec_errors[] = {
	{ 1, "Operation not permitted (EPERM)" },    { 2, "No such file or directory (ENOENT)" },
	{ 5, "Input/output error (EIO)" },           { 7, "Argument list too long (E2BIG)" },
	{ 8, "Exec format error (ENOEXEC)" },        { 11, "Resource temporarily unavailable (EAGAIN)" },
	{ 12, "Cannot allocate memory (ENOMEM)" },   { 13, "Permission denied (EACCES)" },
	{ 20, "Not a directory (ENOTDIR)" },         { 21, "Is a directory (EISDIR)" },
	{ 22, "Invalid argument (EINVAL)" },         { 26, "Text file busy (ETXTBSY)" },
	{ 36, "File name too long (ENAMETOOLONG)" }, { 40, "Too many levels of symbolic links (ELOOP)" },
};

/* What a write to a file may fail with, as src/kernel/errno.ts has it; NULL for anything else. */
static const char *write_error(int error)
{
	static const struct {
		int number;
		const char *name;
	} names[] = { { 5, "EIO" }, { 9, "EBADF" }, { 27, "EFBIG" }, { 28, "ENOSPC" }, { 122, "EDQUOT" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == error)
			return names[i].name;
	return NULL;
}

void ll_front_tell_lost(unsigned int events, int error)
{
	struct line line = { .length = 0 };
	const char *name = write_error(error);

	add(&line, "landlockd: ");
	add_number(&line, events);
	add(&line, " audit events were lost: ");
	add(&line, name != NULL ? name : "errno ");
	if (name == NULL)
		add_number(&line, (unsigned int)error);
	line.text[line.length++] = '\n';
	raw_call3(__NR_write, 2, raw_ptr(line.text), (long)line.length);
}

_Noreturn void ll_front_fail_exec(const char *name, int error, int status)
{
	struct line line = { .length = 0 };
	const char *text = NULL;

	for (size_t i = 0; i < sizeof(exec_errors) / sizeof(exec_errors[0]); i++)
		if (exec_errors[i].number == error)
			text = exec_errors[i].text;
	add(&line, "landlockd: cannot execute \"");
	add(&line, name);
	add(&line, "\": ");
	add(&line, text != NULL ? text : "errno ");
	if (text == NULL)
		add_number(&line, (unsigned int)error);
	if (error == EXEC_DENIED)
		add(&line,
		    "\n  hint: the policy must grant execute and read_file on the program, its interpreter and its libraries");
	finish(&line, status);
}
