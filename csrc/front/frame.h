/* Frames of the daemon's protocol, written and read: docs/protocol.md, src/daemon/frame.ts. */
#ifndef LL_FRONT_FRAME_H
#define LL_FRONT_FRAME_H

#include "front/frame.gen.h"
#include "front/run.h"

enum { LL_FRAME_MAX = 131072 }; /* DATAGRAM_BYTES_MAX of src/native/socket.ts */

/* A frame in a mapping of LL_FRAME_MAX bytes. */
struct ll_frame {
	uint8_t *bytes;
	size_t size;
	bool full; /* something didn't fit: not to be sent */
};

/* Starts a frame of this kind in the mapping of frame. */
void ll_frame_begin(struct ll_frame *frame, enum ll_frame_kind kind);

void ll_frame_u32(struct ll_frame *frame, enum ll_frame_tag tag, uint32_t value);

void ll_frame_digest(struct ll_frame *frame, enum ll_frame_tag tag, const uint8_t digest[LL_SHA256_SIZE]);

/* NULL leaves the field out. */
void ll_frame_text(struct ll_frame *frame, enum ll_frame_tag tag, const char *text);

/* NAME=VALUE and the like: text that comes in two parts. */
void ll_frame_texts(struct ll_frame *frame, enum ll_frame_tag tag, const char *first, const char *second);

/* What a daemon is told of every run: policy_file (file is as ll_front_policy gives it), job_id and argc. */
void ll_frame_job(struct ll_frame *frame, const struct ll_stack *stack, const struct ll_request *request,
		  const char *file);

/* Sends without blocking, with a borrowed fd if that isn't -1. */
bool ll_frame_send(int socket, const struct ll_frame *frame, int fd);

/*
 * Waits for a frame of the daemon's. *ret_fd: the fd that came first, owned
 * by the caller, or -1; more than one are refused. False when none came in
 * time, the daemon hung up, or it isn't a frame.
 */
bool ll_frame_receive(int socket, int64_t timeout_ms, struct ll_frame *frame, int32_t *ret_fd);

/* What somebody is to be told before a run can't be taken back any more. */
struct ll_notice {
	int socket; /* borrowed */
	struct ll_frame frame;
};

enum ll_frame_kind ll_frame_kind(const struct ll_frame *frame);

/* The value of a field, NULL without one. */
const uint8_t *ll_frame_field(const struct ll_frame *frame, enum ll_frame_tag tag, size_t *ret_size);

#endif
