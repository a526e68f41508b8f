/* The plan store and its key, as far as they can be used. Every use asks anew whether both are only the user's own. */
#ifndef LL_FRONT_STORE_H
#define LL_FRONT_STORE_H

#include "front/run.h"

enum { LL_PLAN_NAME_SIZE = 2 * LL_SHA256_SIZE + 1 };

/* The folder of plans, there or not; false where the user has no place for it. */
bool ll_front_store_path(const struct ll_stack *stack, char ret_path[LL_PATH_SIZE]);

/* The folder of the key, the same way. */
bool ll_front_secret_path(const struct ll_stack *stack, char ret_path[LL_PATH_SIZE]);

/*
 * Opens (O_PATH) a folder of the user's own, reached without a symlink, in
 * which others lack the permission bits `others`. An fd, or -errno.
 */
int ll_front_open_own(const char *path, uint32_t others);

/* A key, and room to see that its file has no more. On the caller's stack: a mapping of its own costs more than reading
 * it. */
struct ll_secret {
	uint8_t bytes[LL_SHA256_SIZE + 1];
};

/* The user's own key; false where there is none to be trusted. */
bool ll_front_secret(const struct ll_stack *stack, struct ll_secret *ret_secret);

/* Overwrites it. */
void ll_front_forget(struct ll_secret *secret);

/* The file's name, with a NUL. */
void ll_front_plan_name(const uint8_t key[LL_SHA256_SIZE], char ret_name[LL_PLAN_NAME_SIZE]);

#endif
