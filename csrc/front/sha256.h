/* SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104), for the plan store. */
#ifndef LL_FRONT_SHA256_H
#define LL_FRONT_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LL_SHA256_SIZE = 32, LL_SHA256_BLOCK = 64 };

struct ll_sha256 {
	uint32_t state[8];
	uint64_t size;
	uint8_t block[LL_SHA256_BLOCK];
};

void ll_sha256_init(struct ll_sha256 *hash);
void ll_sha256_add(struct ll_sha256 *hash, const void *bytes, size_t size);
void ll_sha256_end(struct ll_sha256 *hash, uint8_t ret_digest[LL_SHA256_SIZE]);

/* Looks at all of both, whatever differs: how long it takes tells nothing. */
bool ll_same_digest(const void *a, const void *b);

/* Of two pieces that follow each other; key is LL_SHA256_SIZE long. */
void ll_hmac(const uint8_t key[LL_SHA256_SIZE], const void *first, size_t first_size, const void *second,
	     size_t second_size, uint8_t ret_mac[LL_SHA256_SIZE]);

#endif
