/*
 * A program as Go's compiler makes them: static, threads by clone on stacks of their own and without libc, which work
 * by raw system calls; and a signal to each of them every millisecond, whose handler runs on a stack of its own and
 * restarts what it interrupts.
 *
 *     rawthreads FOLDER LISTED SECRET DENIED THREADS ROUNDS
 *
 * Each thread makes, moves, links, reads and removes files in FOLDER, reads LISTED, and opens SECRET, which fails with
 * the errno DENIED (0: it doesn't). Prints the rounds that were done and the signals that came; or the first call that
 * came to something else than it must, and what.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../csrc/base/raw.h"

enum { THREADS_MAX = 64, STACK_SIZE = 64 * 1024, SIGNAL_STACK_SIZE = 32 * 1024, NAME_SIZE = 512 };

#define GO_FLAGS \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM | CLONE_THREAD | CLONE_PARENT_SETTID | \
	 CLONE_CHILD_CLEARTID)

static const char *folder;
static const char *listed;
static const char *secret;
static long denied;
static int rounds;
static atomic_int done;
static atomic_int signals;
static _Atomic(int32_t) tids[THREADS_MAX];

static char *append(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	*to = '\0';
	return to;
}

static char *append_number(char *to, unsigned int number)
{
	char digits[16];
	int at = sizeof digits - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return append(to, digits + at);
}

/* FOLDER/KINDthread-round: nobody else's. */
static void name(char *to, char kind, unsigned int thread, unsigned int round)
{
	to = append(append(to, folder), "/ ");
	to[-1] = kind;
	append_number(append(append_number(to, thread), "-"), round);
}

static void must(const char *call, long result, long expected)
{
	char text[128];
	char *end = text;

	if (result == expected || (expected >= 0 && result >= 0))
		return;
	end = append(append(end, call), result < 0 ? " -" : " ");
	end = append(append_number(end, (unsigned int)(result < 0 ? -result : result)), "\n");
	raw_call3(__NR_write, 1, raw_ptr(text), end - text);
	raw_call1(__NR_exit_group, 1);
}

/* Opens, compares the first bytes, closes. */
static void must_read(const char *call, const char *path, const char *content)
{
	char text[16];
	const long size = (long)(append(text, content) - text);
	const long fd = raw_call4(__NR_openat, AT_FDCWD, raw_ptr(path), O_RDONLY | O_CLOEXEC, 0);
	long got;

	must(call, fd, 0);
	got = raw_call3(__NR_read, fd, raw_ptr(text), size);
	must(call, got == size ? 0 : -EIO, 0);
	for (long i = 0; i < size; i++)
		must(call, text[i] == content[i] ? 0 : -EBADMSG, 0);
	must("close", raw_call1(__NR_close, fd), 0);
}

static void work(unsigned int thread, unsigned int round)
{
	char file[NAME_SIZE], dir[NAME_SIZE], moved[NAME_SIZE], linked[NAME_SIZE], content[16];
	const long size = append_number(append_number(content, thread), round) - content;
	long fd;

	name(file, 'f', thread, round);
	name(dir, 'd', thread, round);
	name(linked, 'l', thread, round);
	append(append(moved, dir), "/moved");
	fd = raw_call4(__NR_openat, AT_FDCWD, raw_ptr(file), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	must("create", fd, 0);
	must("write", raw_call3(__NR_write, fd, raw_ptr(content), size), 0);
	must("close", raw_call1(__NR_close, fd), 0);
	must_read("read back", file, content);
	must("mkdirat", raw_call3(__NR_mkdirat, AT_FDCWD, raw_ptr(dir), 0700), 0);
	must("renameat2", raw_call5(__NR_renameat2, AT_FDCWD, raw_ptr(file), AT_FDCWD, raw_ptr(moved), 0), 0);
	must("openat of what was moved", raw_call4(__NR_openat, AT_FDCWD, raw_ptr(file), O_RDONLY, 0), -ENOENT);
	must_read("read moved", moved, content);
	must_read("read listed", listed, "listed");
	must("linkat", raw_call5(__NR_linkat, AT_FDCWD, raw_ptr(moved), AT_FDCWD, raw_ptr(linked), 0), 0);
	fd = raw_call4(__NR_openat, AT_FDCWD, raw_ptr(secret), O_RDONLY | O_CLOEXEC, 0);
	must("open secret", fd, -denied);
	if (fd >= 0)
		raw_call1(__NR_close, fd);
	must("unlinkat", raw_call3(__NR_unlinkat, AT_FDCWD, raw_ptr(moved), 0), 0);
	must("unlinkat again", raw_call3(__NR_unlinkat, AT_FDCWD, raw_ptr(moved), 0), -ENOENT);
	must_read("read linked", linked, content);
	must("unlinkat", raw_call3(__NR_unlinkat, AT_FDCWD, raw_ptr(linked), 0), 0);
	must("rmdir", raw_call3(__NR_unlinkat, AT_FDCWD, raw_ptr(dir), AT_REMOVEDIR), 0);
}

static void *map(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

struct thread {
	unsigned int index;
	char *signal_stack;
};

static int run(void *argument)
{
	const struct thread *thread = argument;
	const stack_t stack = { .ss_sp = thread->signal_stack, .ss_size = SIGNAL_STACK_SIZE };

	must("sigaltstack", raw_call2(__NR_sigaltstack, raw_ptr(&stack), 0), 0);
	for (int round = 0; round < rounds; round++) {
		work(thread->index, (unsigned int)round);
		done++;
	}
	return 0;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	(void)context;
	signals++;
}

/* As the Go runtime preempts. Until all threads are gone. */
static void preempt(int threads)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	bool living = true;

	while (living) {
		living = false;
		for (int i = 0; i < threads; i++) {
			const int32_t tid = tids[i];

			living = living || tid != 0;
			if (tid != 0)
				raw_call3(__NR_tgkill, getpid(), tid, SIGURG);
		}
		nanosleep(&pause, NULL);
	}
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
	const int threads = argc == 7 ? atoi(argv[5]) : 0;
	static struct thread arguments[THREADS_MAX];

	if (threads < 1 || threads > THREADS_MAX || strlen(argv[1]) > NAME_SIZE / 2)
		return 2;
	folder = argv[1];
	listed = argv[2];
	secret = argv[3];
	denied = atoi(argv[4]);
	rounds = atoi(argv[6]);
	sigaction(SIGURG, &action, NULL);
	for (int i = 0; i < threads; i++) {
		arguments[i] = (struct thread){ .index = (unsigned int)i, .signal_stack = map(SIGNAL_STACK_SIZE) };
		if (clone(run, (char *)map(STACK_SIZE) + STACK_SIZE, GO_FLAGS, &arguments[i], &tids[i], NULL,
			  &tids[i]) < 0)
			return 99;
	}
	preempt(threads);
	printf("%d\n", done);
	fprintf(stderr, "%d\n", signals);
	return 0;
}
