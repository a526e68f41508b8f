/*
 * Hashes its standard input in pieces of as many bytes as its argument says,
 * and prints what comes of the code for every processor and of whatever this
 * processor has for it; a second word says whether it has.
 */
#include "front/sha256.c"

#include <stdio.h>
#include <stdlib.h>

static uint8_t bytes[65536];

static void print(const uint8_t digest[LL_SHA256_SIZE])
{
	for (int i = 0; i < LL_SHA256_SIZE; i++)
		printf("%02x", digest[i]);
	putchar('\n');
}

static void hash_in_pieces(size_t size, size_t piece)
{
	struct ll_sha256 hash;
	uint8_t digest[LL_SHA256_SIZE];

	ll_sha256_init(&hash);
	for (size_t at = 0; at < size; at += piece)
		ll_sha256_add(&hash, bytes + at, size - at < piece ? size - at : piece);
	ll_sha256_end(&hash, digest);
	print(digest);
}

int main(int argc, char **argv)
{
	const size_t size = fread(bytes, 1, sizeof(bytes), stdin);
	const size_t piece = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	if (piece == 0)
		return 2;
	/* Pieces of less than MANY_BLOCKS never ask for the instructions. */
	hash_in_pieces(size, piece);
	hash_in_pieces(size, (MANY_BLOCKS - 1) * LL_SHA256_BLOCK);
	puts(ll_sha256_has_x86() ? "instructions" : "none");
	return 0;
}
