/*
 * Works in a folder in every way that a broker has to imitate, and prints what
 * each call came to: run in a folder of its own and in one that is brokered,
 * it must print the same.
 *
 *     folder PATH
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RENAME_NOREPLACE_ 1
#define RENAME_EXCHANGE_ 2

static void show(const char *name, long result)
{
	printf("%s %s\n", name, result < 0 ? strerrorname_np(errno) : "OK");
}

static void show_mode(const char *name, const char *path)
{
	struct stat info;

	if (lstat(path, &info) != 0)
		printf("%s %s\n", name, strerrorname_np(errno));
	else
		printf("%s %06o %lu\n", name, info.st_mode, (unsigned long)info.st_nlink);
}

/* Opens, says what fd flags and status flags came of it, and closes. */
static void show_open(const char *name, int dir, const char *path, int flags, mode_t mode)
{
	const int fd = openat(dir, path, flags, mode);

	if (fd < 0) {
		printf("%s %s\n", name, strerrorname_np(errno));
		return;
	}
	printf("%s fd %d flags %o cloexec %d\n", name, fd, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
	close(fd);
}

static void opens(void)
{
	umask(027);
	show_open("create", AT_FDCWD, "a", O_CREAT | O_WRONLY, 0666);
	show_mode("created", "a");
	show_open("exclusive", AT_FDCWD, "a", O_CREAT | O_EXCL | O_WRONLY, 0666);
	show_open("again", AT_FDCWD, "a", O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	show_open("nonblock", AT_FDCWD, "a", O_RDONLY | O_NONBLOCK, 0);
	show_open("sync", AT_FDCWD, "a", O_RDWR | O_DSYNC, 0);
	show_open("slash", AT_FDCWD, "a/", O_RDONLY, 0);
	show_open("slash create", AT_FDCWD, "new/", O_CREAT | O_RDWR, 0600);
	show_open("directory", AT_FDCWD, "a", O_RDONLY | O_DIRECTORY, 0);
	show_open("folder", AT_FDCWD, ".", O_RDONLY | O_DIRECTORY, 0);
	show_open("folder write", AT_FDCWD, ".", O_RDWR, 0);
	show_open("folder create", AT_FDCWD, ".", O_CREAT, 0600);
	show_open("path", AT_FDCWD, "a", O_PATH, 0);
	show_open("missing", AT_FDCWD, "none", O_RDONLY, 0);
	show_open("missing folder", AT_FDCWD, "none/x", O_CREAT | O_RDWR, 0600);
	show_open("under a file", AT_FDCWD, "a/x", O_CREAT | O_RDWR, 0600);
	show_open("empty", AT_FDCWD, "", O_RDONLY, 0);
	show_open("bad dirfd", 77, "a", O_RDONLY, 0);
	show_open("dots", AT_FDCWD, "./x/../../a", O_RDONLY, 0);
	show("creat", creat("c", 0640));
	show_mode("creat mode", "c");
	close(3);
	umask(0);
	show_open("umask 0", AT_FDCWD, "u", O_CREAT | O_RDWR, 0777);
	show_mode("umask 0 mode", "u");
	umask(022);
	chmod("u", 0);
	show_open("no permission", AT_FDCWD, "u", O_RDONLY, 0);
	show_open("temporary", AT_FDCWD, ".", O_TMPFILE | O_RDWR, 0600);
}

static void pointers(void)
{
	char longest[5000];

	memset(longest, 'x', sizeof(longest));
	longest[4999] = '\0';
	show("bad pointer", syscall(SYS_openat, AT_FDCWD, 8, O_RDONLY, 0));
	show("long path", syscall(SYS_openat, AT_FDCWD, longest, O_RDONLY, 0));
	longest[300] = '\0';
	show("long name", syscall(SYS_openat, AT_FDCWD, longest, O_CREAT | O_RDWR, 0600));
	show("long mkdir", syscall(SYS_mkdirat, AT_FDCWD, longest, 0700));
}

static void links(void)
{
	show("symlink", symlink("a", "l"));
	show("symlink again", symlink("a", "l"));
	show("empty symlink", symlink("", "e"));
	show_open("follow", AT_FDCWD, "l", O_RDONLY, 0);
	show_open("nofollow", AT_FDCWD, "l", O_RDONLY | O_NOFOLLOW, 0);
	show("dangling", symlink("made", "d"));
	show_open("create through", AT_FDCWD, "d", O_CREAT | O_RDWR, 0600);
	show_mode("made", "made");
	show_open("exclusive link", AT_FDCWD, "d", O_CREAT | O_EXCL | O_RDWR, 0600);
	show("loop", symlink("loop", "loop"));
	show_open("open loop", AT_FDCWD, "loop", O_RDONLY, 0);
	show("link", link("a", "h"));
	show_mode("linked", "h");
	show("link again", link("a", "h"));
	show("link missing", link("none", "h2"));
	show("linkat follow", linkat(AT_FDCWD, "l", AT_FDCWD, "f", AT_SYMLINK_FOLLOW));
	show_mode("followed", "f");
	show("linkat nofollow", linkat(AT_FDCWD, "l", AT_FDCWD, "l2", 0));
	show_mode("not followed", "l2");
}

static void temporary(void)
{
	char path[64];
	const int fd = open(".", O_TMPFILE | O_RDWR, 0640);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	show("name a temporary", linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	show_mode("named", "named");
	close(fd);
}

static void folders(void)
{
	umask(077);
	show("mkdir", mkdir("dir", 0777));
	show_mode("dir", "dir");
	umask(022);
	show("mkdir again", mkdir("dir", 0777));
	show("mkdir slash", mkdir("dir2/", 0777));
	show("mkdir dot", mkdir(".", 0777));
	show("mkdir missing", mkdir("none/x", 0777));
	show("unlink folder", unlink("dir"));
	show("rmdir file", rmdir("a"));
	show("rmdir dot", rmdir("."));
	show("mknod", mknod("plain", S_IFREG | 0644, 0));
	show("mkfifo", mkfifo("fifo", 0644));
	show_mode("fifo", "fifo");
	show_open("fifo nonblock", AT_FDCWD, "fifo", O_WRONLY | O_NONBLOCK, 0);
	show_open("fifo both", AT_FDCWD, "fifo", O_RDWR, 0);
	show("truncate", truncate("a", 100));
	show("truncate folder", truncate("dir", 0));
	show("truncate missing", truncate("none", 0));
}

static void renames(void)
{
	show("rename", rename("c", "dir/c"));
	show("rename missing", rename("c", "d2"));
	show("rename onto folder", rename("a", "dir"));
	show("rename folder onto file", rename("dir", "a"));
	show("rename into itself", rename("dir", "dir/sub"));
	show("noreplace", syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "h", RENAME_NOREPLACE_));
	show("exchange", syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "dir", RENAME_EXCHANGE_));
	show_mode("exchanged", "a");
	show("exchange missing", syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "none", RENAME_EXCHANGE_));
	show("bad flags", syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "none", 99));
	show("rename dot", rename(".", "x"));
	show("rmdir full", rmdir("a"));
	show("unlink", unlink("a/c"));
	show("unlink again", unlink("a/c"));
	show("rmdir", rmdir("a/"));
	show("bad unlinkat", unlinkat(AT_FDCWD, "h", 0x4000));
}

static void resolve(void)
{
	const int dir = open("dir2", O_RDONLY | O_DIRECTORY);
	struct open_how how = { .flags = O_CREAT | O_RDWR, .mode = 0600, .resolve = RESOLVE_BENEATH };

	show("openat2 create", syscall(SYS_openat2, dir, "x", &how, sizeof(how)));
	show("openat2 beneath", syscall(SYS_openat2, dir, "../h", &how, sizeof(how)));
	how = (struct open_how){ .flags = O_RDONLY, .resolve = RESOLVE_NO_SYMLINKS };
	show("openat2 symlink", syscall(SYS_openat2, AT_FDCWD, "l2", &how, sizeof(how)));
	show("openat2 plain", syscall(SYS_openat2, AT_FDCWD, "h", &how, sizeof(how)));
	how.flags = 1UL << 40;
	show("openat2 bad flags", syscall(SYS_openat2, AT_FDCWD, "h", &how, sizeof(how)));
	show("openat2 short", syscall(SYS_openat2, AT_FDCWD, "h", &how, 8));
}

/* What the kernel refuses before it looks at anything, and what it takes although it is odd. */
static void odd(void)
{
	struct {
		struct open_how how;
		unsigned char more[8];
	} longer = { .how = { .flags = O_RDONLY } };
	struct open_how how = { .flags = O_RDONLY, .mode = 0644 };

	show("openat2 mode", syscall(SYS_openat2, AT_FDCWD, "h", &how, sizeof(how)));
	how = (struct open_how){ .flags = O_CREAT | O_RDWR, .mode = 0644, .resolve = RESOLVE_CACHED };
	show("openat2 cached create", syscall(SYS_openat2, AT_FDCWD, "cached", &how, sizeof(how)));
	show_mode("cached", "cached");
	show("openat2 longer", syscall(SYS_openat2, AT_FDCWD, "h", &longer, sizeof(longer)));
	longer.more[0] = 1;
	show("openat2 too long", syscall(SYS_openat2, AT_FDCWD, "h", &longer, sizeof(longer)));
	show_open("unknown flags", AT_FDCWD, "odd", O_CREAT | O_RDWR | 074, 0600);
	show_open("create folder", AT_FDCWD, "odd", O_CREAT | O_DIRECTORY | O_RDWR, 0600);
	show_open("create slash", AT_FDCWD, "odd/", O_CREAT | O_RDWR, 0600);
	show_open("create exclusive slash", AT_FDCWD, "odd/", O_CREAT | O_EXCL | O_RDWR, 0600);
	show_open("temporary to read", AT_FDCWD, ".", O_TMPFILE | O_RDONLY, 0600);
	show_open("temporary no folder", AT_FDCWD, ".", (O_TMPFILE & ~O_DIRECTORY) | O_RDWR, 0600);
	show_open("temporary created", AT_FDCWD, ".", O_TMPFILE | O_CREAT | O_RDWR, 0600);
}

/* The same by other spellings. */
static void spelled(const char *folder)
{
	char path[4096];

	snprintf(path, sizeof(path), "/usr/..%s", folder);
	show_open("folder elsewhere", AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	snprintf(path, sizeof(path), "/usr/..%s/h", folder);
	show_open("file elsewhere", AT_FDCWD, path, O_RDWR, 0);
	show("truncate elsewhere", truncate(path, 7));
	show("link followed elsewhere", linkat(AT_FDCWD, path, AT_FDCWD, "h3", AT_SYMLINK_FOLLOW));
	show("chdir", chdir("dir2"));
	show("truncate above", truncate("../h", 9));
	show("truncate roundabout", truncate("../dir2/../h", 11));
	show("link followed above", linkat(AT_FDCWD, "../h", AT_FDCWD, "../h4", AT_SYMLINK_FOLLOW));
	show_mode("spelled", "../h");
	snprintf(path, sizeof(path), "%s/h", folder);
	show("symlink absolute", symlink(path, "absolute"));
	show("truncate absolute", truncate("absolute", 13));
	show("link followed absolute", linkat(AT_FDCWD, "absolute", AT_FDCWD, "h5", AT_SYMLINK_FOLLOW));
}

/* Two that are bound already, "closed" without permissions. */
static void sockets(void)
{
	show_open("socket", AT_FDCWD, "bound", O_RDONLY, 0);
	show_open("socket nonblock", AT_FDCWD, "bound", O_RDWR | O_NONBLOCK, 0);
	show_open("socket truncate", AT_FDCWD, "bound", O_WRONLY | O_TRUNC, 0);
	show_open("socket create", AT_FDCWD, "bound", O_RDWR | O_CREAT, 0600);
	show_open("socket exclusive", AT_FDCWD, "bound", O_RDWR | O_CREAT | O_EXCL, 0600);
	show_open("socket directory", AT_FDCWD, "bound", O_RDONLY | O_DIRECTORY, 0);
	show_open("socket slash", AT_FDCWD, "bound/", O_RDONLY, 0);
	show_open("socket closed", AT_FDCWD, "closed", O_RDONLY, 0);
	show("socket symlink", symlink("bound", "to bound"));
	show_open("socket by symlink", AT_FDCWD, "to bound", O_RDONLY, 0);
	show("socket truncate", truncate("bound", 0));
	show("socket link", link("bound", "also bound"));
	show_open("socket linked", AT_FDCWD, "also bound", O_RDONLY, 0);
	show("socket unlink", unlink("bound"));
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) != 0)
		return 2;
	opens();
	pointers();
	links();
	temporary();
	folders();
	renames();
	resolve();
	odd();
	spelled(argv[1]);
	sockets();
	return 0;
}
