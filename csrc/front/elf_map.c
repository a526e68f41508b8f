/*
 * Maps Bun, and its ELF interpreter (ld.so), the way the kernel's
 * load_elf_binary() and load_elf_interp() do (fs/binfmt_elf.c).
 */
#include "base/raw.h"
#include "front/front.h"
#include "front/link.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#endif

#define MAX_PHDRS 32
#define MAX_SPAN_BYTES (UINT64_C(1) << 30)

struct image {
	Elf64_Phdr phdrs[MAX_PHDRS];
	size_t phnum;
	uint64_t low;  /* page-aligned; first address of the first PT_LOAD */
	uint64_t high; /* page-aligned; end of the last */
};

static uint64_t page_down(uint64_t address, uint64_t page_bytes)
{
	return address & ~(page_bytes - 1);
}

static uint64_t page_up(uint64_t address, uint64_t page_bytes)
{
	return page_down(address + page_bytes - 1, page_bytes);
}

static int read_exactly(int fd, void *buffer, size_t size_bytes, uint64_t offset)
{
	long got = raw_call4(__NR_pread64, fd, raw_ptr(buffer), (long)size_bytes, (long)offset);

	if (got < 0)
		return (int)got;
	return (size_t)got == size_bytes ? 0 : -ENOEXEC;
}

static bool header_fits(const Elf64_Ehdr *header)
{
	return header->e_ident[EI_MAG0] == ELFMAG0 && header->e_ident[EI_MAG1] == ELFMAG1 &&
	       header->e_ident[EI_MAG2] == ELFMAG2 && header->e_ident[EI_MAG3] == ELFMAG3 &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
	       header->e_type == ET_DYN && header->e_machine == MACHINE && header->e_phentsize == sizeof(Elf64_Phdr);
}

/* A PT_LOAD that can be mapped: in range, its offset and address on the same place of a page, W^X. */
static bool segment_fits(const Elf64_Phdr *phdr, uint64_t page_bytes)
{
	return phdr->p_vaddr <= MAX_SPAN_BYTES && phdr->p_memsz <= MAX_SPAN_BYTES && phdr->p_filesz <= phdr->p_memsz &&
	       phdr->p_offset <= MAX_SPAN_BYTES && (phdr->p_vaddr - phdr->p_offset) % page_bytes == 0 &&
	       (phdr->p_flags & (PF_W | PF_X)) != (PF_W | PF_X);
}

static int read_image(int fd, uint64_t phoff, uint64_t phnum, uint64_t page_bytes, struct image *ret_image)
{
	struct image *image = ret_image;
	int error;

	if (phnum == 0 || phnum > MAX_PHDRS)
		return -ENOEXEC;
	error = read_exactly(fd, image->phdrs, phnum * sizeof(Elf64_Phdr), phoff);
	if (error < 0)
		return error;
	image->phnum = phnum;
	image->low = UINT64_MAX;
	image->high = 0;
	for (size_t i = 0; i < phnum; i++) {
		const Elf64_Phdr *phdr = &image->phdrs[i];

		if (phdr->p_type != PT_LOAD)
			continue;
		/* The order is the ELF standard's; with it, no segment covers another. */
		if (!segment_fits(phdr, page_bytes) || page_down(phdr->p_vaddr, page_bytes) < image->high)
			return -ENOEXEC;
		if (image->low == UINT64_MAX)
			image->low = page_down(phdr->p_vaddr, page_bytes);
		image->high = page_up(phdr->p_vaddr + phdr->p_memsz, page_bytes);
	}
	return image->high > 0 ? 0 : -ENOEXEC;
}

/* Before Linux 4.17 MAP_FIXED_NOREPLACE is a wish: what comes to lie elsewhere is refused. */
static int map_fixed(uint64_t address, uint64_t size_bytes, long prot, long flags, int fd, uint64_t offset)
{
	const long got =
		raw_call6(__NR_mmap, (long)address, (long)size_bytes, prot, MAP_PRIVATE | flags, fd, (long)offset);

	if (got < 0)
		return (int)got;
	return (uint64_t)got == address ? 0 : -EEXIST;
}

static int map_segment(int fd, const Elf64_Phdr *phdr, uint64_t bias, uint64_t page_bytes, long fixed)
{
	const uint64_t start = bias + page_down(phdr->p_vaddr, page_bytes);
	const uint64_t file_end = bias + phdr->p_vaddr + phdr->p_filesz;
	const uint64_t file_pages_end = phdr->p_filesz > 0 ? page_up(file_end, page_bytes) : start;
	const uint64_t end = page_up(bias + phdr->p_vaddr + phdr->p_memsz, page_bytes);
	const long prot = ((phdr->p_flags & PF_R) ? PROT_READ : 0) | ((phdr->p_flags & PF_W) ? PROT_WRITE : 0) |
			  ((phdr->p_flags & PF_X) ? PROT_EXEC : 0);
	int error;

	if (file_pages_end > start) {
		error = map_fixed(start, file_pages_end - start, prot, fixed, fd,
				  page_down(phdr->p_offset, page_bytes));
		if (error < 0)
			return error;
	}
	/* To the page's end and not only to memsz: ld.so's first allocations come from there. */
	if ((phdr->p_flags & PF_W) && file_pages_end > file_end)
		__builtin_memset((void *)(uintptr_t)file_end, 0, file_pages_end - file_end);
	if (end > file_pages_end)
		return map_fixed(file_pages_end, end - file_pages_end, prot, MAP_ANONYMOUS | fixed, -1, 0);
	return 0;
}

static int map_image(int fd, const struct image *image, uint64_t bias, uint64_t page_bytes, long fixed)
{
	for (size_t i = 0; i < image->phnum; i++) {
		int error;

		if (image->phdrs[i].p_type != PT_LOAD)
			continue;
		error = map_segment(fd, &image->phdrs[i], bias, page_bytes, fixed);
		if (error < 0)
			return error;
	}
	return 0;
}

static int open_image(const char *path, size_t page_bytes)
{
	if (page_bytes == 0 || (page_bytes & (page_bytes - 1)) != 0)
		return -EINVAL;
	return (int)raw_call4(__NR_openat, AT_FDCWD, raw_ptr(path), O_RDONLY | O_CLOEXEC, 0);
}

static int map_interp(int fd, size_t page_bytes, struct ll_interp *ret_interp)
{
	Elf64_Ehdr header;
	struct image image;
	int error = read_exactly(fd, &header, sizeof(header), 0);
	long base;

	if (error < 0)
		return error;
	if (!header_fits(&header))
		return -ENOEXEC;
	error = read_image(fd, header.e_phoff, header.e_phnum, page_bytes, &image);
	if (error < 0)
		return error;
	/* Reserves the whole span first, so that the segments keep their distances. */
	base = raw_call6(__NR_mmap, 0, (long)(image.high - image.low), PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base < 0)
		return (int)base;
	ret_interp->base = (uint64_t)base - image.low;
	ret_interp->entry = ret_interp->base + header.e_entry;
	return map_image(fd, &image, ret_interp->base, page_bytes, MAP_FIXED);
}

int ll_interp_map(const char *path, size_t page_bytes, struct ll_interp *ret_interp)
{
	const int fd = open_image(path, page_bytes);
	int error;

	if (fd < 0)
		return fd;
	error = map_interp(fd, page_bytes, ret_interp);
	raw_call1(__NR_close, fd);
	return error;
}

int ll_bun_map(const struct ll_link *link, size_t page_bytes)
{
	const int fd = open_image(LL_SELF, page_bytes);
	struct image image;
	int error;

	if (fd < 0)
		return fd;
	error = read_image(fd, link->bun_phoff, link->bun_phnum, page_bytes, &image);
	if (error == 0)
		error = map_image(fd, &image, 0, page_bytes, MAP_FIXED_NOREPLACE);
	raw_call1(__NR_close, fd);
	return error;
}
