/* Connecting to a daemon's socket, wherever it stands. */
#ifndef LL_FRONT_CONNECT_H
#define LL_FRONT_CONNECT_H

#include <stdbool.h>

/*
 * Connects a new socket of the type (SOCK_*) to the one at path, if that is
 * this user's, or root's where or_root says so. Its folder may be one in which
 * others make names (/tmp): what is looked at is what is connected to, a
 * symlink of another user's isn't followed, and a socket that has a second
 * name isn't taken, because others may have made that name. An fd; -EPERM for
 * what isn't trusted; else -errno.
 */
int ll_front_connect(const char *path, int type, bool or_root);

#endif
