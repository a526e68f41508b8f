/*
 * The sieve: what is plainly on none of the broker's lists is passed on here,
 * without a word of JavaScript: "the kernel decides", which grants nothing.
 * Whatever it isn't sure of is left to src/broker/.
 *
 * Everything in struct ll_sieve (layout.gen.h) is the owner's memory, and one
 * thread's at a time: src/native/sieve.ts.
 */
#ifndef LL_SIEVE_H
#define LL_SIEVE_H

#include "base/uapi.h"
#include "run/launch.h"

/* An entry of ll_sieve.files: a file of the lists, by what it is. */
struct ll_sieve_file {
	uint64_t inode;
	uint32_t device_major;
	uint32_t device_minor;
};
_Static_assert(sizeof(struct ll_sieve_file) == 16, "ll_sieve_file");

/* LIFETIME: long enough for a program that opens the files of a folder, too short for one that waits for a link to
 * change. */
enum { LL_SIEVE_FOLDERS = 64, LL_SIEVE_FOLDER_SIZE = 248, LL_SIEVE_LIFETIME_MS = 100 };

/* An entry of ll_sieve.folders: a folder that was found to lead to nothing of the policy's. */
struct ll_sieve_folder {
	uint64_t until_ms; /* of CLOCK_MONOTONIC */
	char path[LL_SIEVE_FOLDER_SIZE];
};
_Static_assert(sizeof(struct ll_sieve_folder) == 256, "ll_sieve_folder");

/* What a sieve needs for itself, beside the lists. */
struct ll_sieve_room {
	char path[LL_PATH_MAX];
	char shown[2 * LL_PATH_MAX + 1];
	char real[LL_PATH_MAX];
	struct ll_sieve_folder folders[LL_SIEVE_FOLDERS] __attribute__((aligned(16)));
};

void ll_sieve_use(struct ll_sieve *sieve, struct ll_sieve_room *room);

/*
 * Receives one request, and answers it where it can; blocks where there is
 * none. 1: it is in sieve->request and waits for an answer, with the path it
 * is about in sieve->path where sieve->path_size isn't 0. 0: it was answered.
 * -errno: there was none (ENOENT: its caller is gone).
 */
LL_EXPORT int32_t ll_sieve_receive(struct ll_sieve *sieve);

#endif
