#include "front/sieve.h"

#include "base/file.h"
#include "base/raw.h"
#include "broker/caller.h"
#include "front/pin.h"
#include "front/run.h"

/* The shortest turn that the kernel takes. */
enum { SLICE_NS = 100000 };

/* All that a sieve points to; the names follow. */
struct room {
	struct ll_sieve sieve;
	struct ll_sieve_room own;
	struct ll_sieve_file files[LL_MAX_PINS];
	uint64_t mounts[LL_MAX_PINS];
	char names[];
};

static uint64_t address_of(const void *memory)
{
	return (uint64_t)(uintptr_t)memory;
}

static void look(int fd, struct ll_statx *ret_status)
{
	static const char itself[] = "";

	*ret_status = (struct ll_statx){ 0 };
	raw_call5(__NR_statx, fd, raw_ptr(itself), LL_AT_EMPTY_PATH | LL_AT_STATX_DONT_SYNC,
		  LL_STATX_TYPE | LL_STATX_INO | LL_STATX_MNT_ID, raw_ptr(ret_status));
}

/* Both spellings of a folder: the policy's, and where it really is. */
static size_t add_names(char *names, size_t size, const char *text, int fd)
{
	size_t real;

	for (; *text != '\0'; text++)
		names[size++] = *text;
	names[size++] = '\0';
	real = ll_real_path(fd, names + size);
	return real == 0 ? size : size + real + 1;
}

static void add_folder(struct room *room, const struct ll_op *op, int fd)
{
	struct ll_statx status;

	if (!(op->flags & LL_FLAG_LISTED_SCRATCH))
		return;
	look(fd, &status);
	room->mounts[room->sieve.mount_count++] = status.mount_id;
}

/* A file that isn't there yet has the number 0, as no inode has. */
static void add_file(struct room *room, int fd)
{
	struct ll_statx status = { 0 };

	if (fd >= 0)
		look(fd, &status);
	room->files[room->sieve.file_count++] = (struct ll_sieve_file){
		.inode = status.inode,
		.device_major = status.device_major,
		.device_minor = status.device_minor,
	};
}

struct ll_sieve *ll_front_sieve(const struct ll_plan *plan, const struct ll_pin *pins, uint32_t pin_count)
{
	struct room *room =
		ll_map_memory(sizeof(*room) + (size_t)pin_count * 2 * LL_PATH_SIZE + plan->header->data_size);
	uint32_t pin = 0;
	size_t names = 0;

	if (room == NULL)
		return NULL;
	for (uint32_t i = 0; i < ll_plan_fork(plan) && pin < pin_count; i++) {
		const struct ll_op *op = &plan->ops[i];

		if (op->kind != LL_OP_LISTED)
			continue;
		if (op->flags & (LL_FLAG_LISTED_SCRATCH | LL_FLAG_LISTED_EXPORT)) {
			names = add_names(room->names, names, plan->data + op->text_offset, pins[pin].folder);
			add_folder(room, op, pins[pin].folder);
		} else {
			add_file(room, pins[pin].file);
		}
		pin++;
	}
	room->sieve.root = LL_AT_FDCWD;
	ll_sieve_use(&room->sieve, &room->own);
	room->sieve.files = address_of(room->files);
	room->sieve.mounts = address_of(room->mounts);
	room->sieve.names = address_of(room->names);
	ll_front_sieve_care(&room->sieve, false);
	room->sieve.ready = 1;
	return &room->sieve;
}

void ll_front_sieve_care(struct ll_sieve *sieve, bool any_slow)
{
	/* Strings, the last one empty: all is beneath the root. */
	static const char nothing[] = "";
	static const char everything[] = "/\0";

	sieve->slow = address_of(any_slow ? everything : nothing);
}

void ll_front_sieve_listen(struct ll_sieve *sieve, int32_t listener)
{
	sieve->listener = listener;
	/* EINVAL before Linux 6.6. */
	raw_call3(__NR_ioctl, listener, LL_SECCOMP_IOCTL_NOTIF_SET_FLAGS, LL_SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

/* Who wants little at a time gets it sooner: takeShortTurns of src/broker/self.ts. */
static void take_short_turns(void)
{
	struct ll_sched_attr schedule = { 0 };

	if (raw_call4(__NR_sched_getattr, 0, raw_ptr(&schedule), sizeof(schedule), 0) < 0 ||
	    schedule.policy != LL_SCHED_OTHER)
		return;
	schedule.flags |= LL_SCHED_FLAG_RESET_ON_FORK;
	schedule.runtime = SLICE_NS;
	raw_call3(__NR_sched_setattr, 0, raw_ptr(&schedule), 0);
}

void ll_front_harden(struct ll_privileges *ret_privileges)
{
	struct ll_cap_header header = { .version = LL_CAP_VERSION_3 };
	struct ll_cap_data none[2];

	raw_call5(__NR_prctl, LL_PR_SET_DUMPABLE, 0, 0, 0, 0);
	take_short_turns();
	ret_privileges->held = raw_call2(__NR_capget, raw_ptr(&header), raw_ptr(ret_privileges->data)) == 0;
	if (!ret_privileges->held)
		return;
	for (int i = 0; i < 2; i++) {
		none[i] = ret_privileges->data[i];
		none[i].effective = 0;
	}
	raw_call2(__NR_capset, raw_ptr(&header), raw_ptr(none));
}

void ll_front_soften(const struct ll_privileges *privileges)
{
	struct ll_cap_header header = { .version = LL_CAP_VERSION_3 };

	if (privileges->held)
		raw_call2(__NR_capset, raw_ptr(&header), raw_ptr(privileges->data));
}
