/* Mounting on a target that somebody else swaps meanwhile. */
#include "probe.h"

#include <linux/mount.h>

#define MNT_DETACH 2

/* Whether the mount table of this namespace names a path. */
static int is_mounted(const char *path)
{
	static char text[1 << 20];
	int fd = open("/proc/self/mountinfo", O_RDONLY);
	ssize_t size = read(fd, text, sizeof text - 1);

	close(fd);
	text[size < 0 ? 0 : size] = '\0';
	return strstr(text, path) != NULL;
}

/*
 * race FOLDER AWAY OTHER: mounts on FOLDER/target while another process swaps FOLDER for a symlink to OTHER and back.
 * EEXIST if that ever got a mount beneath OTHER.
 */
static long race(char **argv)
{
	char target[4096];
	char other[4096];
	long result = 0;
	pid_t swapper;

	snprintf(target, sizeof target, "%s/target", argv[0]);
	snprintf(other, sizeof other, "%s/target", argv[2]);
	swapper = fork();
	if (swapper < 0)
		return -errno;
	for (; swapper == 0;) {
		rename(argv[0], argv[1]);
		symlink(argv[2], argv[0]);
		unlink(argv[0]);
		rename(argv[1], argv[0]);
	}
	for (int i = 0; i < 1000 && result == 0; i++) {
		raw_call5(__NR_mount, P("none"), P(target), P("tmpfs"), 0, 0);
		result = is_mounted(other) ? -EEXIST : 0;
		raw_call2(__NR_umount2, P(target), MNT_DETACH);
	}
	kill(swapper, SIGKILL);
	waitpid(swapper, NULL, 0);
	return result;
}

static const struct attempt attempts[] = {
	{ "race", 3, race },
	{ 0 },
};

PROBE(attempts)
