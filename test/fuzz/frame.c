/*
 * Frames of the daemon's as the front reads them. Input: one byte of bits, the rest is the datagram. With bit 0 its
 * magic, version and size are put right. Every field that is found lies inside the frame.
 */
#include "fuzz.h"

#include "../../csrc/front/frame.c"

static void put_right(uint8_t *bytes, size_t size)
{
	struct header header;

	if (size < sizeof(header))
		return;
	memcpy(&header, bytes, sizeof(header));
	header.magic = LL_FRAME_MAGIC;
	header.version = LL_FRAME_VERSION;
	header.size = (uint32_t)size;
	memcpy(bytes, &header, sizeof(header));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct ll_frame frame;

	if (size < 1)
		return 0;
	frame = (struct ll_frame){ .bytes = copy_of(input + 1, size - 1), .size = size - 1 };
	if ((input[0] & 1) != 0)
		put_right(frame.bytes, frame.size);
	if (is_whole(&frame)) {
		sink += ll_frame_kind(&frame);
		for (uint32_t tag = 0; tag <= LL_TAG_KEY + 1; tag++) {
			size_t field_size = 0;
			const uint8_t *field = ll_frame_field(&frame, (enum ll_frame_tag)tag, &field_size);

			if (field != NULL)
				walk_bytes(field, field_size);
		}
	} else {
		refused();
	}
	free(frame.bytes);
	return 0;
}
