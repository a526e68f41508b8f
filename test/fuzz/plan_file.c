/*
 * Plan files as the front reads them. Input: one byte of bits, the rest is the file. With bit 0 its magic, size, build
 * and checksum are put right, so that what lies behind them is reached; with bit 1 the plan's own header is of this
 * build.
 */
#include "fuzz.h"

#include "../../csrc/front/plan_file.c"

static void put_right(uint8_t *bytes, size_t size, const uint8_t build[LL_SHA256_SIZE])
{
	struct ll_plan_file head;
	struct ll_sha256 hash;

	if (size < sizeof(head))
		return;
	memcpy(&head, bytes, sizeof(head));
	head.magic = LL_PLAN_FILE_MAGIC;
	head.reserved = 0;
	head.plan_size = (uint32_t)(size - sizeof(head));
	memcpy(head.build, build, LL_SHA256_SIZE);
	ll_sha256_init(&hash);
	ll_sha256_add(&hash, &head, offsetof(struct ll_plan_file, checksum));
	ll_sha256_add(&hash, bytes + sizeof(head), size - sizeof(head));
	ll_sha256_end(&hash, (uint8_t *)head.checksum);
	memcpy(bytes, &head, sizeof(head));
}

static bool fits(const struct ll_plan_file *head)
{
	static struct ll_host host = { 0 };

	host.capabilities = head->uid % 2 == 0 ? 0 : 1ull << LL_CAP_SYS_ADMIN;
	return fits_mounts(head, &host);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static const uint8_t build[LL_SHA256_SIZE] = { 1, 2, 3 };
	struct ll_bytes file = { .size = size - 1 };
	struct ll_plan plan;
	uint8_t *copy;
	int32_t op;

	if (size < 1)
		return 0;
	copy = copy_of(input + 1, size - 1);
	if ((input[0] & 2) != 0 && file.size > sizeof(struct ll_plan_file))
		fix_header(copy + sizeof(struct ll_plan_file), file.size - sizeof(struct ll_plan_file));
	if ((input[0] & 1) != 0)
		put_right(copy, file.size, build);
	file.data = copy;
	if (is_intact(&file, build) && fits((const void *)copy) &&
	    ll_plan_check(copy + sizeof(struct ll_plan_file), file.size - sizeof(struct ll_plan_file), &plan, &op) == 0)
		walk_plan(&plan);
	else
		refused();
	free(copy);
	return 0;
}
