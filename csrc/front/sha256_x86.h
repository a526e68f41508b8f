/*
 * SHA-256 by the instructions that x86 has for it: a sixth of the time. "Intel
 * Architecture Instruction Set Extensions Programming Reference", SHA
 * extensions; they come with SSE4.1.
 */
#ifndef LL_SHA256_X86_H
#define LL_SHA256_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

enum { LL_CPUID_FEATURES = 7, LL_CPUID_EBX_SHA = 1U << 29 };

/* A processor that is too old for this leaf has the bit clear in what it answers instead. */
static inline bool ll_sha256_has_x86(void)
{
	uint32_t eax;
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;

	__cpuid_count(LL_CPUID_FEATURES, 0, eax, ebx, ecx, edx);
	return (ebx & LL_CPUID_EBX_SHA) != 0;
}

/* The state as the instructions have it, highest word first: A B E F and C D G H. */
__attribute__((target("sha,sse4.1"))) static inline void ll_sha256_x86(uint32_t state[8], const uint8_t *blocks,
								       size_t count, const uint32_t constants[64])
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i *out = (__m128i *)(void *)state;
	const __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128(out), 0x1b);
	const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(out + 1), 0x1b);
	__m128i abef = _mm_unpackhi_epi64(efgh, abcd);
	__m128i cdgh = _mm_unpacklo_epi64(efgh, abcd);

	for (size_t block = 0; block < count; block++) {
		const __m128i *in = (const __m128i *)(const void *)(blocks + block * 64);
		const __m128i abef_before = abef;
		const __m128i cdgh_before = cdgh;
		__m128i words[4];

		for (int i = 0; i < 4; i++)
			words[i] = _mm_shuffle_epi8(_mm_loadu_si128(in + i), swap);
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++) {
			const __m128i *constant = (const __m128i *)(const void *)(constants + 4 * i);
			const __m128i sum = _mm_add_epi32(words[i % 4], _mm_load_si128(constant));
			const __m128i last = words[(i + 3) % 4];

			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
			if (i < 12)
				words[i % 4] = _mm_sha256msg2_epu32(
					_mm_add_epi32(_mm_sha256msg1_epu32(words[i % 4], words[(i + 1) % 4]),
						      _mm_alignr_epi8(last, words[(i + 2) % 4], 4)),
					last);
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	_mm_storeu_si128(out, _mm_shuffle_epi32(_mm_unpackhi_epi64(cdgh, abef), 0x1b));
	_mm_storeu_si128(out + 1, _mm_shuffle_epi32(_mm_unpacklo_epi64(cdgh, abef), 0x1b));
}
#else
static inline bool ll_sha256_has_x86(void)
{
	return false;
}

static inline void ll_sha256_x86(uint32_t state[8], const uint8_t *blocks, size_t count, const uint32_t constants[64])
{
	(void)state;
	(void)blocks;
	(void)count;
	(void)constants;
}
#endif

#endif
