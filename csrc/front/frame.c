#include "front/frame.h"

#include "audit/text.h"
#include "base/raw.h"
#include "base/uapi.h"

/* A frame's header and a field's, as they lie in a datagram. */
struct header {
	uint32_t magic;
	uint16_t version;
	uint16_t kind;
	uint32_t size;
	uint32_t count;
};
struct field {
	uint16_t tag;
	uint16_t zero;
	uint32_t size;
};
_Static_assert(sizeof(struct header) == 16 && sizeof(struct field) == 8, "frame layout");

static size_t padded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static struct header *header_of(const struct ll_frame *frame)
{
	return (void *)frame->bytes;
}

void ll_frame_begin(struct ll_frame *frame, enum ll_frame_kind kind)
{
	*header_of(frame) =
		(struct header){ .magic = LL_FRAME_MAGIC, .version = LL_FRAME_VERSION, .kind = (uint16_t)kind };
	frame->size = sizeof(struct header);
	frame->full = false;
}

/* The place of a new field's value, zeroed; NULL where it doesn't fit. */
static uint8_t *add(struct ll_frame *frame, enum ll_frame_tag tag, size_t size)
{
	struct field *field = (void *)(frame->bytes + frame->size);

	if (frame->full || size > LL_FRAME_MAX || frame->size + sizeof(*field) + padded(size) > LL_FRAME_MAX) {
		frame->full = true;
		return NULL;
	}
	*field = (struct field){ .tag = (uint16_t)tag, .size = (uint32_t)size };
	__builtin_memset(field + 1, 0, padded(size));
	frame->size += sizeof(*field) + padded(size);
	header_of(frame)->count++;
	return (uint8_t *)(field + 1);
}

void ll_frame_u32(struct ll_frame *frame, enum ll_frame_tag tag, uint32_t value)
{
	uint8_t *to = add(frame, tag, sizeof(value));

	if (to != NULL)
		__builtin_memcpy(to, &value, sizeof(value));
}

void ll_frame_digest(struct ll_frame *frame, enum ll_frame_tag tag, const uint8_t digest[LL_SHA256_SIZE])
{
	uint8_t *to = add(frame, tag, LL_SHA256_SIZE);

	if (to != NULL)
		__builtin_memcpy(to, digest, LL_SHA256_SIZE);
}

void ll_frame_texts(struct ll_frame *frame, enum ll_frame_tag tag, const char *first, const char *second)
{
	const size_t size = ll_text_size(first);
	uint8_t *to = add(frame, tag, size + ll_text_size(second));

	if (to == NULL)
		return;
	__builtin_memcpy(to, first, size);
	__builtin_memcpy(to + size, second, ll_text_size(second));
}

void ll_frame_text(struct ll_frame *frame, enum ll_frame_tag tag, const char *text)
{
	if (text != NULL)
		ll_frame_texts(frame, tag, text, "");
}

void ll_frame_job(struct ll_frame *frame, const struct ll_stack *stack, const struct ll_request *request,
		  const char *file)
{
	const bool built_in = file[0] == '\0';
	uint32_t argc = 0;

	while (request->command[argc] != NULL)
		argc++;
	ll_frame_texts(frame, LL_TAG_POLICY_FILE, built_in ? "built-in:" : file, built_in ? request->policy_name : "");
	ll_frame_text(frame, LL_TAG_JOB_ID, ll_front_variable(stack, "LANDLOCKD_JOB_ID"));
	ll_frame_u32(frame, LL_TAG_ARGC, argc);
}

bool ll_frame_send(int socket, const struct ll_frame *frame, int fd)
{
	struct ll_cmsg_fd control = {
		.size = offsetof(struct ll_cmsg_fd, pad),
		.level = LL_SOL_SOCKET,
		.type = LL_SCM_RIGHTS,
		.fd = fd,
	};
	struct ll_iovec iov = { .base = frame->bytes, .size = frame->size };
	struct ll_msghdr message = { .iov = &iov, .iov_count = 1 };
	long ret;

	if (frame->full)
		return false;
	header_of(frame)->size = (uint32_t)frame->size;
	if (fd >= 0) {
		message.control = &control;
		message.control_size = sizeof(control);
	}
	do
		ret = raw_call3(__NR_sendmsg, socket, raw_ptr(&message), LL_MSG_NOSIGNAL | LL_MSG_DONTWAIT);
	while (ret == -LL_EINTR);
	return ret == (long)frame->size;
}

/* Fields fill the frame, one behind the other. */
static bool is_whole(const struct ll_frame *frame)
{
	const struct header *header = header_of(frame);
	size_t at = sizeof(*header);

	if (frame->size < at || header->magic != LL_FRAME_MAGIC || header->version != LL_FRAME_VERSION ||
	    header->size != frame->size)
		return false;
	for (uint32_t i = 0; i < header->count; i++) {
		const struct field *field = (const void *)(frame->bytes + at);

		if (frame->size - at < sizeof(*field) || field->size > frame->size - at - sizeof(*field) ||
		    padded(field->size) > frame->size - at - sizeof(*field))
			return false;
		at += sizeof(*field) + padded(field->size);
	}
	return at == frame->size;
}

bool ll_frame_receive(int socket, int64_t timeout_ms, struct ll_frame *frame, int32_t *ret_fd)
{
	struct ll_pollfd poll = { .fd = socket, .events = LL_POLLIN };
	const struct ll_timespec timeout = { .seconds = timeout_ms / 1000 };
	struct ll_cmsg_fd control = { 0 };
	struct ll_iovec iov = { .base = frame->bytes, .size = LL_FRAME_MAX };
	struct ll_msghdr message = {
		.iov = &iov,
		.iov_count = 1,
		.control = &control,
		.control_size = sizeof(control),
	};
	long ret;

	*ret_fd = -1;
	if (raw_call5(__NR_ppoll, raw_ptr(&poll), 1, raw_ptr(&timeout), 0, 0) != 1)
		return false;
	ret = raw_call3(__NR_recvmsg, socket, raw_ptr(&message), LL_MSG_DONTWAIT | LL_MSG_CMSG_CLOEXEC);
	if (ret > 0 && message.control_size >= offsetof(struct ll_cmsg_fd, pad) && control.type == LL_SCM_RIGHTS)
		*ret_fd = control.fd;
	frame->size = ret > 0 ? (size_t)ret : 0;
	if (ret > 0 && (message.flags & (LL_MSG_TRUNC | LL_MSG_CTRUNC)) == 0 && is_whole(frame))
		return true;
	if (*ret_fd >= 0)
		raw_call1(__NR_close, *ret_fd);
	*ret_fd = -1;
	return false;
}

enum ll_frame_kind ll_frame_kind(const struct ll_frame *frame)
{
	return header_of(frame)->kind;
}

const uint8_t *ll_frame_field(const struct ll_frame *frame, enum ll_frame_tag tag, size_t *ret_size)
{
	size_t at = sizeof(struct header);

	while (at < frame->size) {
		const struct field *field = (const void *)(frame->bytes + at);

		if (field->tag == tag) {
			*ret_size = field->size;
			return (const uint8_t *)(field + 1);
		}
		at += sizeof(*field) + padded(field->size);
	}
	return NULL;
}
