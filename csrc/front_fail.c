/* The front's only output: one line on stderr, then exit status 125. */
#include "front.h"
#include "raw.h"

#define LINE_BYTES 512
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

_Noreturn void ll_front_fail(const char *what, const char *path, int error)
{
	struct line line = { .length = 0 };

	add(&line, "landlockd: ");
	add(&line, what);
	add(&line, " ");
	add(&line, path);
	add(&line, ": errno ");
	add_number(&line, (unsigned int)error);
	line.text[line.length++] = '\n';
	raw_call3(__NR_write, 2, raw_ptr(line.text), (long)line.length);
	for (;;)
		raw_call1(__NR_exit_group, OWN_FAILURE);
}
