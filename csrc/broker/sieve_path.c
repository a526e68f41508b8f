#include "broker/sieve_path.h"

bool ll_is_beneath(const char *names, const char *path)
{
	while (*names != '\0') {
		const char *at = path;

		while (*names != '\0' && *names == *at)
			names++, at++;
		if (*names == '\0' && (*at == '\0' || *at == '/' || at[-1] == '/'))
			return true;
		while (*names++ != '\0')
			;
	}
	return false;
}

bool ll_is_clean(const char *path)
{
	while (*path == '/') {
		const char *name = ++path;

		while (*path != '\0' && *path != '/')
			path++;
		if (path == name || (name[0] == '.' && (path == name + 1 || (name[1] == '.' && path == name + 2))))
			return false;
	}
	return true;
}

uint32_t ll_hash_folder(const char *path, size_t *ret_size)
{
	uint32_t all = 0;
	uint32_t hash = 0;

	*ret_size = 0;
	for (size_t i = 0; path[i] != '\0'; i++) {
		all = all * 31 + (unsigned char)path[i];
		if (path[i] == '/') {
			*ret_size = i + 1;
			hash = all;
		}
	}
	return hash;
}

bool ll_same_text(const char *text, const char *other, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] != other[i])
			return false;
	return text[size] == '\0';
}
