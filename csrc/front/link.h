/*
 * The link record: what the link step (tools/link.ts) tells the front about
 * the Bun executable that it was appended to. It lies where the front's own
 * ELF headers were, at the beginning of its only segment.
 */
#ifndef LL_LINK_H
#define LL_LINK_H

#include <stddef.h>
#include <stdint.h>

/*
 * The addresses between vm.mmap_min_addr (64 KiB on most systems) and Bun
 * (0x200000) are free. A multiple of 64 KiB, the largest page size.
 */
#define LL_LINK_ADDR 0x110000
#define LL_LINK_MAGIC UINT64_C(0x326b6e696c2d6c6c) /* "ll-link2" */

/* Little-endian, no holes. Addresses are absolute: Bun is linked at fixed ones. */
struct ll_link {
	uint64_t magic;
	uint64_t bun_entry;
	uint64_t bun_phdr;  /* Bun's own program header table, in its first segment */
	uint64_t bun_phoff; /* where that is in the file */
	uint64_t bun_phnum;
	uint64_t interp; /* the path of Bun's PT_INTERP, NUL-terminated */
	uint8_t build[32];
};

_Static_assert(offsetof(struct ll_link, bun_phdr) == 16, "link record layout");
_Static_assert(offsetof(struct ll_link, interp) == 40, "link record layout");
_Static_assert(offsetof(struct ll_link, build) == 48, "link record layout");
_Static_assert(sizeof(struct ll_link) == 80, "link record layout");

/* Placed by the linker: --defsym=ll_link_record=0x110000. */
extern const struct ll_link ll_link_record;

#endif
