#include "front/sha256.h"

#include "front/sha256_x86.h"

/* Blocks from which on it pays to ask for the instructions: in a virtual machine CPUID takes some microseconds. */
enum { MANY_BLOCKS = 16 };

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned int bits)
{
	return word >> bits | word << (32 - bits);
}

static uint32_t load(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void compress(uint32_t state[8], const uint8_t *block)
{
	uint32_t words[64];
	uint32_t v[8];

	for (int i = 0; i < 16; i++)
		words[i] = load(block + 4 * i);
	for (int i = 16; i < 64; i++) {
		const uint32_t a = words[i - 15];
		const uint32_t b = words[i - 2];

		words[i] = words[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + words[i - 7] +
			   (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
	for (int i = 0; i < 8; i++)
		v[i] = state[i];
	for (int i = 0; i < 64; i++) {
		const uint32_t t1 = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
				    ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_constants[i] + words[i];
		const uint32_t t2 = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
				    ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		v[7] = v[6];
		v[6] = v[5];
		v[5] = v[4];
		v[4] = v[3] + t1;
		v[3] = v[2];
		v[2] = v[1];
		v[1] = v[0];
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		state[i] += v[i];
}

static void compress_all(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	if (count >= MANY_BLOCKS && ll_sha256_has_x86()) {
		ll_sha256_x86(state, blocks, count, round_constants);
		return;
	}
	for (size_t i = 0; i < count; i++)
		compress(state, blocks + i * LL_SHA256_BLOCK);
}

void ll_sha256_init(struct ll_sha256 *hash)
{
	*hash = (struct ll_sha256){
		.state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
			   0x5be0cd19 },
	};
}

void ll_sha256_add(struct ll_sha256 *hash, const void *bytes, size_t size)
{
	const uint8_t *in = bytes;
	size_t filled = hash->size % LL_SHA256_BLOCK;

	hash->size += size;
	while (size > 0) {
		if (filled == 0 && size >= LL_SHA256_BLOCK) {
			compress_all(hash->state, in, size / LL_SHA256_BLOCK);
			in += size - size % LL_SHA256_BLOCK;
			size %= LL_SHA256_BLOCK;
			continue;
		}
		hash->block[filled++] = *in++;
		size--;
		if (filled == LL_SHA256_BLOCK) {
			compress(hash->state, hash->block);
			filled = 0;
		}
	}
}

void ll_sha256_end(struct ll_sha256 *hash, uint8_t ret_digest[LL_SHA256_SIZE])
{
	static const uint8_t padding[LL_SHA256_BLOCK] = { 0x80 };
	const uint64_t bits = hash->size * 8;
	const size_t filled = hash->size % LL_SHA256_BLOCK;
	uint8_t length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	ll_sha256_add(hash, padding, (filled < 56 ? 56 : 120) - filled);
	ll_sha256_add(hash, length, sizeof(length));
	for (int i = 0; i < LL_SHA256_SIZE; i++)
		ret_digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

bool ll_same_digest(const void *a, const void *b)
{
	const uint8_t *left = a;
	const uint8_t *right = b;
	uint8_t difference = 0;

	for (size_t i = 0; i < LL_SHA256_SIZE; i++)
		difference |= left[i] ^ right[i];
	return difference == 0;
}

void ll_hmac(const uint8_t key[LL_SHA256_SIZE], const void *first, size_t first_size, const void *second,
	     size_t second_size, uint8_t ret_mac[LL_SHA256_SIZE])
{
	struct ll_sha256 hash;
	uint8_t pad[LL_SHA256_BLOCK];

	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] = (uint8_t)((i < LL_SHA256_SIZE ? key[i] : 0) ^ 0x36);
	ll_sha256_init(&hash);
	ll_sha256_add(&hash, pad, sizeof(pad));
	ll_sha256_add(&hash, first, first_size);
	ll_sha256_add(&hash, second, second_size);
	ll_sha256_end(&hash, ret_mac);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	ll_sha256_init(&hash);
	ll_sha256_add(&hash, pad, sizeof(pad));
	ll_sha256_add(&hash, ret_mac, LL_SHA256_SIZE);
	ll_sha256_end(&hash, ret_mac);
}
