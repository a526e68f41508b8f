#include "audit/text.h"

#include "base/identity.h"

static const char hex[] = "0123456789abcdef";

static void put(struct ll_text *text, char byte)
{
	if (text->size == text->room)
		text->cut = true;
	else
		text->bytes[text->size++] = byte;
}

size_t ll_text_size(const char *string)
{
	size_t size = 0;

	while (string[size] != '\0')
		size++;
	return size;
}

bool ll_text_is(const char *string, const char *other)
{
	while (*string != '\0' && *string == *other) {
		string++;
		other++;
	}
	return *string == *other;
}

void ll_text_add(struct ll_text *text, const char *string)
{
	while (*string != '\0')
		put(text, *string++);
}

void ll_text_add_bytes(struct ll_text *text, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		put(text, bytes[i]);
}

void ll_text_number(struct ll_text *text, int64_t number)
{
	char digits[LL_NUMBER_SIZE];

	if (number < 0)
		put(text, '-');
	ll_number_text(digits, number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
	ll_text_add(text, digits);
}

/* How many bytes the character has that a string goes on with (RFC 3629, 4); 0 where it isn't one. */
static size_t character_size(const char *string)
{
	const unsigned char *bytes = (const unsigned char *)string;
	const unsigned char first = bytes[0];
	const size_t size = first < 0x80   ? 1
			    : first < 0xc2 ? 0
			    : first < 0xe0 ? 2
			    : first < 0xf0 ? 3
			    : first < 0xf5 ? 4
					   : 0;
	/* No form longer than it needs to be, no surrogate, nothing past U+10FFFF. */
	const unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	const unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	for (size_t i = 1; i < size; i++) {
		if (bytes[i] < (i == 1 ? least : 0x80) || bytes[i] > (i == 1 ? most : 0xbf))
			return 0;
	}
	return size;
}

/* ECMA-262, QuoteJSONString: one byte of a character, which only those of one byte can need. */
static void put_json(struct ll_text *text, char byte)
{
	static const char escaped[] = "\b\t\n\f\r\"\\";
	static const char letters[] = "btnfr\"\\";

	for (size_t i = 0; i < sizeof(escaped) - 1; i++) {
		if (byte == escaped[i]) {
			put(text, '\\');
			put(text, letters[i]);
			return;
		}
	}
	if (byte > 0 && byte < ' ') {
		ll_text_add(text, "\\u00");
		put(text, hex[byte >> 4]);
		put(text, hex[byte & 15]);
		return;
	}
	put(text, byte);
}

void ll_text_json(struct ll_text *text, const char *string)
{
	put(text, '"');
	while (*string != '\0')
		put_json(text, *string++);
	put(text, '"');
}

void ll_text_json_bytes(struct ll_text *text, const char *bytes)
{
	put(text, '"');
	while (*bytes != '\0') {
		const size_t size = character_size(bytes);

		if (size == 0) {
			ll_text_add(text, "\\\\x");
			put(text, hex[(unsigned char)*bytes >> 4]);
			put(text, hex[*bytes & 15]);
		} else if (*bytes == '\\') {
			ll_text_add(text, "\\\\\\\\");
		} else {
			for (size_t i = 0; i < size; i++)
				put_json(text, bytes[i]);
		}
		bytes += size == 0 ? 1 : size;
	}
	put(text, '"');
}

static bool is_replacement(const char *string, size_t size)
{
	return size == 3 && string[0] == '\xef' && string[1] == '\xbf' && string[2] == '\xbd';
}

bool ll_text_is_utf8(const char *string)
{
	while (*string != '\0') {
		const size_t size = character_size(string);

		if (size == 0 || is_replacement(string, size))
			return false;
		string += size;
	}
	return true;
}
