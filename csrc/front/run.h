/*
 * The fast path: `landlockd run` in its plain form, from a plan that Bun
 * compiled before. Every part answers "no" to whatever it doesn't know or
 * doesn't like, and the front goes on to Bun, whose behaviour is the
 * definition. docs/plan-store.md has the whole of it.
 */
#ifndef LL_FRONT_RUN_H
#define LL_FRONT_RUN_H

#include "base/file.h"
#include "front/front.h"
#include "front/link.h"
#include "front/sha256.h"
#include "plan/apply.h"

enum {
	LL_MAX_SETTINGS = 16,
	LL_MAX_POLICY = 1048576, /* POLICY_BYTES_MAX of src/base/limits.ts */
	LL_MAX_PLAN = 4 * 1048576,
};

/* The command line of a plain run. Borrowed from the initial stack. */
struct ll_request {
	const char *policy_file; /* or NULL */
	const char *policy_name; /* or NULL */
	const char *plan;        /* a plan file, or NULL; one of the three */
	const char *socket;      /* of a daemon, or NULL */
	const char *audit;       /* where events go, or NULL */
	const char *settings[LL_MAX_SETTINGS];
	size_t setting_count;
	char **command; /* NULL-terminated, not empty */
};

/* src/cli/arguments.ts: false for all but the plain form. */
bool ll_front_request(const struct ll_stack *stack, struct ll_request *ret_request);

/* The value of an environment variable, or NULL. The first entry of a name counts, as for getenv(3). */
const char *ll_front_variable(const struct ll_stack *stack, const char *name);

/* How a run starts its workload where nothing was changed since; candidates are still to be given. */
struct ll_exec ll_front_exec(const struct ll_stack *stack, const struct ll_start *start,
			     const struct ll_request *request);

/*
 * src/policy/read.ts and named.ts: the policy's bytes, and in ret_file the
 * path that they came from, empty for one that is built in, which has no
 * bytes here. False where Bun has to tell what is wrong.
 */
bool ll_front_policy(const struct ll_stack *stack, const struct ll_request *request, struct ll_bytes *ret_policy,
		     char ret_file[LL_PATH_SIZE]);

/* The folders that a policy's variables can name; NULL where there is none, or the policy doesn't name it. */
struct ll_folders {
	const char *cwd;
	const char *policy;
	char cwd_buffer[LL_PATH_SIZE];
	char policy_buffer[LL_PATH_SIZE];
};

/* As they are now; file as ll_front_policy gives it. False where Bun has to tell what is wrong. */
bool ll_front_folders(const struct ll_bytes *policy, const char *file, struct ll_folders *ret_folders);

/* src/store/key.ts: the name of the plan for this run. No bytes of a policy: it is the one built in under its name. */
bool ll_front_key(const struct ll_stack *stack, const struct ll_request *request, const struct ll_bytes *policy,
		  const struct ll_folders *folders, const uint8_t build[LL_SHA256_SIZE],
		  uint8_t ret_key[LL_SHA256_SIZE]);

/*
 * src/store/: the file of the plan of that name, authenticated, where there
 * is a trustworthy store: a struct ll_stored, then the plan, which isn't
 * checked as one yet.
 */
bool ll_front_plan(const struct ll_stack *stack, const uint8_t key[LL_SHA256_SIZE], struct ll_bytes *ret_file);

/*
 * src/store/plan-file.ts and plan-host.ts: the plan file at a path, if it was
 * compiled by this build and is one for this host and user: a struct
 * ll_plan_file, then the plan, which isn't checked as one yet.
 */
bool ll_front_plan_file(const char *path, const uint8_t build[LL_SHA256_SIZE], struct ll_bytes *ret_file);

/* What the user's own key says of a run that enters itself in a daemon's register. */
struct ll_entry {
	uint8_t place[LL_SHA256_SIZE]; /* which register: of this build, and of this key's user */
	uint8_t mac[LL_SHA256_SIZE];   /* that whoever makes the entry can read the key */
};

/* ll_front_plan, and the entry for a run of this plan. */
bool ll_front_entered_plan(const struct ll_stack *stack, const uint8_t key[LL_SHA256_SIZE],
			   const uint8_t build[LL_SHA256_SIZE], struct ll_bytes *ret_file, struct ll_entry *ret_entry);

/* src/daemon/proof.ts: whether mac, by the user's own key, is that of the plan with this name. */
bool ll_front_proves(const struct ll_stack *stack, const uint8_t key[LL_SHA256_SIZE], const struct ll_bytes *plan,
		     const uint8_t mac[LL_SHA256_SIZE]);

/*
 * src/run/command.ts: the paths to try, NULL-terminated, never freed. False
 * where there is any problem to be told. Not seen: under mounts or in a root
 * of its own the command isn't what is at its path here.
 */
bool ll_front_candidates(const struct ll_stack *stack, const char *name, bool seen, char ***ret_candidates);

/*
 * A run that a daemon holds: src/daemon/client.ts. Ends with the workload.
 * Returns where Bun has to do it, or to say why it can't be done; the command
 * wasn't executed then.
 */
void ll_front_client(const struct ll_stack *stack, struct ll_start *start, const struct ll_request *request,
		     const struct ll_bytes *policy, const char *file);

/*
 * src/run/reach.ts: tells on stderr of what decides the next run and lies
 * where this one may write, and of a policy that has a built-in one's name.
 * Once in a process: Bun is told by the start record that it was done. file
 * as ll_front_policy gives it.
 */
void ll_front_warn(struct ll_start *start, const struct ll_request *request, const char *file,
		   const struct ll_plan *plan);

/* Whether a policy that comes with landlockd has this name. */
bool ll_front_is_built_in(const char *name);

struct ll_notice;

/*
 * Becomes the workload of a checked plan that needs nobody, or ends with the
 * documented status where that fails after restrictions are in force.
 * notice, if not NULL, is sent when no more than that can fail; in namespaces
 * of its own a run takes none. Returns where nothing has changed.
 */
void ll_front_become(const struct ll_plan *plan, const struct ll_exec *exec, const struct ll_notice *notice);

/*
 * A run that enters itself in the register of the daemon that is to hold it:
 * src/daemon/register.ts. Returns where the daemon has to be asked.
 */
void ll_front_enter(const struct ll_stack *stack, struct ll_start *start, const struct ll_request *request,
		    const struct ll_bytes *policy, const char *file);

/* Whether a run of this checked plan needs nobody: no broker, and no namespaces. */
bool ll_front_is_plain(const struct ll_plan *plan);

/*
 * Becomes the workload, or ends with the documented status where that fails
 * after restrictions are in force. Returns where Bun has to do it: with a run
 * that it is to go on with, which is ret_own then, or NULL, and nothing has
 * changed.
 */
const struct ll_supervisor *ll_front_run(const struct ll_stack *stack, struct ll_start *start,
					 const struct ll_link *link, struct ll_supervisor *ret_own);

#endif
