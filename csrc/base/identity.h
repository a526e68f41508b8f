/* Who a process is in a user namespace of its own. */
#ifndef LL_IDENTITY_H
#define LL_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

enum { LL_NUMBER_SIZE = 24 }; /* of any 64-bit number in base 8 or above, with its NUL */

/* Writes a number in the given base and a NUL; the length. */
size_t ll_number_text(char *ret_text, uint64_t value, unsigned int base);

/*
 * Maps one user and one group to themselves in the user namespace that this
 * process was cloned into (user_namespaces(7)). 0 or -errno: EPERM where a
 * security module restricts it, ENOENT without /proc.
 */
int ll_identity(uint32_t uid, uint32_t gid);

#endif
