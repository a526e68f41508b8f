/*
 * The plan store and its key, as far as the front reads them. Every use asks
 * anew whether both are only the user's own; src/store/ writes them.
 */
#include "front/store.h"

#include "base/file.h"
#include "base/identity.h"
#include "base/raw.h"
#include "front/run.h"
#include "plan/layout.gen.h"

int ll_front_open_own(const char *path, uint32_t others)
{
	struct ll_statx status;
	const int fd = ll_open_plain(LL_AT_FDCWD, path, LL_O_PATH);

	if (fd < 0)
		return fd;
	if (ll_stat_path(fd, "", LL_AT_EMPTY_PATH, &status) == 0 && (status.mode & LL_S_IFMT) == LL_S_IFDIR &&
	    status.uid == (uint32_t)raw_call0(__NR_geteuid) && (status.mode & others) == 0)
		return fd;
	raw_call1(__NR_close, fd);
	return -LL_EPERM;
}

/* A file of the user's own that nobody else can read or write, opened. An fd, or -1. */
static int open_own_file(int dir, const char *name, struct ll_statx *ret_status)
{
	const int fd = ll_open_plain(dir, name, LL_O_RDONLY | LL_O_NONBLOCK | LL_O_NOCTTY);

	if (fd < 0)
		return -1;
	if (ll_stat_path(fd, "", LL_AT_EMPTY_PATH, ret_status) == 0 &&
	    ret_status->uid == (uint32_t)raw_call0(__NR_geteuid) && (ret_status->mode & 077) == 0)
		return fd;
	raw_call1(__NR_close, fd);
	return -1;
}

static bool read_plan(int dir, const char *name, struct ll_bytes *ret_bytes)
{
	struct ll_statx status;
	const int fd = open_own_file(dir, name, &status);
	bool ok;

	if (fd < 0)
		return false;
	ok = ll_read_file(fd, &status, LL_MAX_PLAN, ret_bytes);
	raw_call1(__NR_close, fd);
	return ok;
}

/* One read and one byte of room more than there should be: a key that isn't there whole, or is longer, is none. */
static bool read_key(int dir, struct ll_secret *ret_secret)
{
	struct ll_statx status;
	const int fd = open_own_file(dir, "key", &status);
	bool ok;

	if (fd < 0)
		return false;
	ok = (status.mode & LL_S_IFMT) == LL_S_IFREG &&
	     raw_call3(__NR_read, fd, raw_ptr(ret_secret->bytes), sizeof(ret_secret->bytes)) == LL_SHA256_SIZE;
	raw_call1(__NR_close, fd);
	return ok;
}

/* base/below, if base can be the user's place for it: it is, whatever is beneath. */
static bool take_base(const char *base, const char *between, const char *below, char ret_path[LL_PATH_SIZE])
{
	const char *const own[] = { base, between };
	const char *const whole[] = { base, between, below };
	int fd;

	if (base == NULL || base[0] != '/' || !ll_join(ret_path, own, 2))
		return false;
	fd = ll_front_open_own(ret_path, 022);
	if (fd < 0)
		return false;
	raw_call1(__NR_close, fd);
	return ll_join(ret_path, whole, 3);
}

/* The order of src/store/place.ts: the first base that the user owns. */
bool ll_front_store_path(const struct ll_stack *stack, char ret_path[LL_PATH_SIZE])
{
	static const char below[] = "/landlockd/plans";
	const uint32_t uid = (uint32_t)raw_call0(__NR_geteuid);
	char number[LL_NUMBER_SIZE];

	ll_number_text(number, uid, 10);
	return take_base(ll_front_variable(stack, "XDG_RUNTIME_DIR"), "", below, ret_path) ||
	       take_base("/run/user/", number, below, ret_path) ||
	       (uid == 0 && take_base("/run", "", below, ret_path)) ||
	       take_base(ll_front_variable(stack, "HOME"), "/.cache", below, ret_path);
}

bool ll_front_secret_path(const struct ll_stack *stack, char ret_path[LL_PATH_SIZE])
{
	return take_base(ll_front_variable(stack, "HOME"), "", "/.local/state/landlockd", ret_path);
}

bool ll_front_secret(const struct ll_stack *stack, struct ll_secret *ret_secret)
{
	char path[LL_PATH_SIZE];
	bool ok;
	int dir;

	if (!ll_front_secret_path(stack, path))
		return false;
	dir = ll_front_open_own(path, 077);
	if (dir < 0)
		return false;
	ok = read_key(dir, ret_secret);
	raw_call1(__NR_close, dir);
	if (!ok)
		ll_front_forget(ret_secret);
	return ok;
}

void ll_front_forget(struct ll_secret *secret)
{
	__builtin_memset(secret, 0, sizeof(*secret));
	/* Or the compiler leaves out what nothing reads any more. */
	__asm__ volatile("" : : "r"(secret) : "memory");
}

void ll_front_plan_name(const uint8_t key[LL_SHA256_SIZE], char ret_name[LL_PLAN_NAME_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < LL_SHA256_SIZE; i++) {
		ret_name[2 * i] = digits[key[i] >> 4];
		ret_name[2 * i + 1] = digits[key[i] & 15];
	}
	ret_name[2 * LL_SHA256_SIZE] = '\0';
}

static bool read_stored(const struct ll_stack *stack, const uint8_t key[LL_SHA256_SIZE], struct ll_bytes *ret_file)
{
	char path[LL_PATH_SIZE];
	char name[LL_PLAN_NAME_SIZE];
	bool ok;
	int dir;

	*ret_file = (struct ll_bytes){ 0 };
	if (!ll_front_store_path(stack, path))
		return false;
	dir = ll_front_open_own(path, 077);
	if (dir < 0)
		return false;
	ll_front_plan_name(key, name);
	ok = read_plan(dir, name, ret_file);
	raw_call1(__NR_close, dir);
	return ok;
}

static bool is_authentic(const struct ll_bytes *file, const uint8_t key[LL_SHA256_SIZE], const uint8_t *secret)
{
	const struct ll_stored *stored = (const void *)file->data;
	uint8_t mac[LL_SHA256_SIZE];

	if (file->size < sizeof(*stored) || stored->magic != LL_STORED_MAGIC || stored->reserved != 0 ||
	    stored->plan_size != file->size - sizeof(*stored) || !ll_same_digest(stored->key, key))
		return false;
	ll_hmac(secret, stored, offsetof(struct ll_stored, mac), stored + 1, stored->plan_size, mac);
	return ll_same_digest(mac, stored->mac);
}

bool ll_front_proves(const struct ll_stack *stack, const uint8_t key[LL_SHA256_SIZE], const struct ll_bytes *plan,
		     const uint8_t mac[LL_SHA256_SIZE])
{
	struct ll_stored stored = { .magic = LL_STORED_MAGIC, .plan_size = (uint32_t)plan->size };
	uint8_t expected[LL_SHA256_SIZE];
	struct ll_secret secret;

	if (!ll_front_secret(stack, &secret))
		return false;
	__builtin_memcpy(stored.key, key, sizeof(stored.key));
	ll_hmac(secret.bytes, &stored, offsetof(struct ll_stored, mac), plan->data, plan->size, expected);
	ll_front_forget(&secret);
	return ll_same_digest(mac, expected);
}

/* src/daemon/register.ts makes the same from the same. */
static void prove(const uint8_t *secret, const uint8_t build[LL_SHA256_SIZE], const uint8_t key[LL_SHA256_SIZE],
		  struct ll_entry *ret_entry)
{
	static const char place[] = "landlockd place";
	static const char entry[] = "landlockd entry";

	ll_hmac(secret, place, sizeof(place), build, LL_SHA256_SIZE, ret_entry->place);
	ll_hmac(secret, entry, sizeof(entry), key, LL_SHA256_SIZE, ret_entry->mac);
}

bool ll_front_plan(const struct ll_stack *stack, const uint8_t key[LL_SHA256_SIZE], struct ll_bytes *ret_file)
{
	return ll_front_entered_plan(stack, key, NULL, ret_file, NULL);
}

bool ll_front_entered_plan(const struct ll_stack *stack, const uint8_t key[LL_SHA256_SIZE],
			   const uint8_t build[LL_SHA256_SIZE], struct ll_bytes *ret_file, struct ll_entry *ret_entry)
{
	struct ll_secret secret;
	bool ok = read_stored(stack, key, ret_file);

	if (ok && ll_front_secret(stack, &secret)) {
		ok = is_authentic(ret_file, key, secret.bytes);
		if (ok && ret_entry != NULL)
			prove(secret.bytes, build, key, ret_entry);
		ll_front_forget(&secret);
	} else {
		ok = false;
	}
	if (!ok)
		ll_free_bytes(ret_file);
	return ok;
}
