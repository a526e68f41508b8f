/* What an attack saw: one word for each outcome, contents that were read or errno names. */
#ifndef WORDS_H
#define WORDS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 32, WORD_SIZE = 64 };

static char words[WORDS_MAX][WORD_SIZE];
static int word_count;

__attribute__((unused)) static bool has_seen(const char *word)
{
	for (int i = 0; i < word_count; i++) {
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

static void saw(const char *word)
{
	if (has_seen(word))
		return;
	if (word_count < WORDS_MAX)
		snprintf(words[word_count++], WORD_SIZE, "%s", word);
}

static int compare(const void *one, const void *other)
{
	return strcmp(one, other);
}

static void print_words(void)
{
	qsort(words, (size_t)word_count, WORD_SIZE, compare);
	for (int i = 0; i < word_count; i++)
		puts(words[i]);
}

/* Opens, reads the first word, closes. */
__attribute__((unused)) static void try_open_at(int dir, const char *path)
{
	char text[WORD_SIZE] = "";
	const int fd = openat(dir, path, O_RDONLY);

	if (fd < 0) {
		saw(strerrorname_np(errno));
		return;
	}
	if (read(fd, text, sizeof(text) - 1) < 0)
		snprintf(text, sizeof(text), "read %s", strerrorname_np(errno));
	text[strcspn(text, " \n")] = '\0';
	saw(text);
	close(fd);
}

__attribute__((unused)) static void try_open(const char *path)
{
	try_open_at(AT_FDCWD, path);
}

#endif
