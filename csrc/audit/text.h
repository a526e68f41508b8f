/* Text of C's own making: lines on stderr, audit events. */
#ifndef LL_AUDIT_TEXT_H
#define LL_AUDIT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text that grows in room that somebody else owns. No NUL at its end. */
struct ll_text {
	char *bytes;
	size_t size;
	size_t room;
	bool cut; /* there wasn't room for all of it */
};

/* Bytes of a string, without its NUL. */
size_t ll_text_size(const char *string);

/* Whether two strings are the same. */
bool ll_text_is(const char *string, const char *other);

void ll_text_add(struct ll_text *text, const char *string);

void ll_text_add_bytes(struct ll_text *text, const char *bytes, size_t size);

/* In decimal. */
void ll_text_number(struct ll_text *text, int64_t number);

/* string, which is UTF-8, with its quotes, as JSON.stringify has it. */
void ll_text_json(struct ll_text *text, const char *string);

/* The same for bytes that needn't be UTF-8, made text as escapeBytes of src/audit/line.ts does. */
void ll_text_json_bytes(struct ll_text *text, const char *bytes);

/*
 * Whether JavaScript has a string as the same text: it is UTF-8, without the
 * character that stands there for bytes that aren't (U+FFFD).
 */
bool ll_text_is_utf8(const char *string);

#endif
