/* mount-cycle FOLDER COUNT: mounts a tmpfs and unmounts it, COUNT times; prints the microseconds of one such pair. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <time.h>

static double now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	const int count = argc == 3 ? atoi(argv[2]) : 0;
	const double start = now_us();

	for (int i = 0; i < count; i++) {
		if (mount("none", argv[1], "tmpfs", 0, NULL) < 0 || umount2(argv[1], 0) < 0) {
			perror(argv[1]);
			return 1;
		}
	}
	printf("%f\n", (now_us() - start) / count);
	return count == 0;
}
