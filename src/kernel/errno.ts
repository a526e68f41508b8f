/**
 * The errnos that landlockd itself gives or asks for, as positive numbers; the same on x86_64 and aarch64. Their names
 * and texts are in errno-names.ts.
 * Source: asm-generic/errno-base.h, asm-generic/errno.h.
 */

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EIO = 5;
export const ENXIO = 6;
export const EBADF = 9;
export const ECHILD = 10;
export const EAGAIN = 11;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const EXDEV = 18;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ETXTBSY = 26;
export const ENOSPC = 28;
export const EPIPE = 32;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;
export const ELOOP = 40;
export const EPROTO = 71;
export const EBADFD = 77;
export const EPROTOTYPE = 91;
export const EPROTONOSUPPORT = 93;
export const EOPNOTSUPP = 95;
export const EAFNOSUPPORT = 97;
export const ECONNREFUSED = 111;

/** Of the kernel's own (linux/errno.h): the call is restarted or fails with EINTR, as the signal's handler has it. */
export const ERESTARTSYS = 512;

/** The largest errno that a system call can return (linux/err.h). */
export const MAX_ERRNO = 4095;
