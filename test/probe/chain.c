/*
 * A chain of processes: each makes the next and then only sleeps, so that whoever kills them one by one, from the first
 * on, runs after the last. They share their memory, which makes them cheap. Says "begun" after a while, and gives up
 * after 20 seconds. Not for root, whose processes have no limit. The argument is only there to be found by.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BEGUN = 200, LENGTH_MAX = 20000, STACK_SIZE = 8192, SECONDS = 20, LIVING_MAX = 2000 };

static char *stacks;
static atomic_int length;
static time_t end;

static int link_of_chain(void *argument)
{
	const struct timespec full = { .tv_nsec = 50000 };

	(void)argument;
	while (time(NULL) < end) {
		const int index = atomic_fetch_add(&length, 1) % LENGTH_MAX;

		if (index == BEGUN && write(STDOUT_FILENO, "begun\n", 6) != 6)
			return 1;
		if (clone(link_of_chain, stacks + (size_t)(index + 1) * STACK_SIZE, CLONE_VM | SIGCHLD, NULL) > 0) {
			for (;;)
				pause();
		}
		nanosleep(&full, NULL);
	}
	return 0;
}

int main(void)
{
	const struct rlimit living = { LIVING_MAX, LIVING_MAX };

	if (setrlimit(RLIMIT_NPROC, &living) != 0 || getuid() == 0)
		return EXIT_FAILURE;
	stacks = mmap(NULL, (size_t)LENGTH_MAX * STACK_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	end = time(NULL) + SECONDS;
	return stacks == MAP_FAILED ? EXIT_FAILURE : link_of_chain(NULL);
}
