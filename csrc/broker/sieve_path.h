/* Paths by their spelling, as the sieve compares them: all of them are absolute. */
#ifndef LL_SIEVE_PATH_H
#define LL_SIEVE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a path is one of the names, or beneath one. names: strings, the last one empty. */
bool ll_is_beneath(const char *names, const char *path);

/* Whether every component is a name: none is empty, "." or "..". */
bool ll_is_clean(const char *path);

/* A hash of a path's folder, and the bytes up to the path's last slash. */
uint32_t ll_hash_folder(const char *path, size_t *ret_size);

/* Whether text is the first bytes of another. */
bool ll_same_text(const char *text, const char *other, size_t size);

#endif
