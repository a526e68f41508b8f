/* How the paths of a plan are opened. */
#ifndef LL_OPEN_H
#define LL_OPEN_H

#include "plan/apply.h"

/* As openat2(2), with O_PATH and RESOLVE_* flags. The fd, owned by the caller, or -errno. */
long ll_open_how(long dir, const char *path, uint64_t resolve);

/*
 * Opens the host path of an op with O_PATH. Symlinks are followed, and beneath
 * the root op's folder lead where they will lead inside: never out of it. Of
 * an op with a trusted part (c) only those in that part are: ELOOP for one
 * behind it, which an earlier run may have made.
 * The fd, owned by the caller, or -errno.
 */
long ll_open_path(const struct ll_state *state, const struct ll_op *op);

#endif
