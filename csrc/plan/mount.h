/*
 * The mount operations of a plan: what the keeper does in namespaces of its
 * own before the first ruleset, and the pivot after the last rule.
 */
#ifndef LL_MOUNT_H
#define LL_MOUNT_H

#include "plan/apply.h"

/*
 * Performs one mount operation. 0 or -errno:
 * EPERM not privileged in the mount namespace's user namespace, or inside a
 * Landlock domain; ENOENT, ENOTDIR, ELOOP a path; EINVAL a tree that can't be
 * copied or a root that can't be left (an initramfs); EISDIR a folder of the
 * old root as stdin, stdout or stderr.
 */
int ll_mount(struct ll_state *state, const struct ll_op *op);

/* A new tmpfs that is attached nowhere; size 0 is the kernel's default. Its fd or -errno. */
long ll_new_tmpfs(uint64_t size_bytes, uint64_t mode, long attributes);

#endif
