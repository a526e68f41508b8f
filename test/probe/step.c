/*
 * Stops a broker at each of its system calls in turn, and changes the world there. The race that a thread has to win by
 * luck is lost here at one place after the other: the first request is served with the change at the broker's first
 * call after it received, the second with it at the second, until a request needs no more calls.
 *
 *     step exchange NAME NAME -- BROKER [ARG...]   exchanges two names, and back after the request
 *     step reuse FOLDER -- BROKER [ARG...]         kills the caller and gives its pid to another process
 *     step watch PATH SIZE -- BROKER [ARG...]      changes nothing, and looks at PATH: "none", "part", or "all" of SIZE
 *                                                  bytes are there, which is what a broker that is killed here leaves
 *
 * BROKER is what receives requests in its first thread. The last line to stderr is how many places there were.
 *
 * For "reuse", a PID namespace of our own and its capabilities. The other process has FOLDER as working directory, and
 * this program's memory, with "stolen" in it where "remove" below has its path.
 *
 *     step remove PATH COUNT     removes PATH in one process after the other, whatever becomes of them
 *     step open PATH COUNT       opens PATH again and again, and prints what it saw (words.h)
 */
#include "words.h"

#include <ftw.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/ptrace.h>

enum { PATH_SIZE = 4096, EXCHANGE = 2, ATTEMPTS_MAX = 1000, SHORT_MAX = 5 };

/* At one address in all processes of this program, which isn't position-independent. */
static char path[PATH_SIZE];
static char **names;
static bool watches;
static long long size_seen;

static void die(const char *what)
{
	perror(what);
	exit(99);
}

static void exchange(void)
{
	if (syscall(SYS_renameat2, AT_FDCWD, names[0], AT_FDCWD, names[1], EXCHANGE) != 0)
		die("exchange");
}

static int add_size(const char *name, const struct stat *info, int type, struct FTW *position)
{
	(void)name;
	(void)position;
	size_seen += type == FTW_F ? info->st_size : 0;
	return 0;
}

/* The sizes of all files beneath the path, or of the file. */
static void look(void)
{
	size_seen = 0;
	if (nftw(names[0], add_size, 16, FTW_PHYS) != 0)
		saw("none");
	else
		saw(size_seen == atoll(names[1]) ? "all" : "part");
}

/* The next process gets the pid after this one, if it is free. */
static void set_last_pid(pid_t pid)
{
	char number[16];
	const int size = snprintf(number, sizeof number, "%d", pid);
	const int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, number, (size_t)size) != size)
		die("ns_last_pid");
	close(fd);
}

/* A process with this pid, which nobody has any more. */
static pid_t impostor(pid_t pid)
{
	for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		pid_t got;

		set_last_pid(pid - 1);
		got = fork();
		if (got < 0)
			die("fork");
		if (got == 0) {
			strcpy(path, "stolen");
			if (chdir(names[0]) != 0)
				_exit(1);
			for (;;)
				raise(SIGSTOP);
		}
		if (got == pid) {
			waitpid(got, NULL, WUNTRACED);
			return got;
		}
		kill(got, SIGKILL);
		waitpid(got, NULL, 0);
	}
	errno = EAGAIN;
	die("the pid");
	return -1;
}

/* Kills the caller, waits until its parent has taken notice, and puts somebody in its place. */
static pid_t reuse(pid_t caller)
{
	if (kill(caller, SIGKILL) != 0)
		die("kill");
	while (kill(caller, 0) == 0)
		usleep(100);
	return impostor(caller);
}

/* All are there from the start: a process made meanwhile could get the pid that the impostor is to have. */
static void removes(const char *name, int count)
{
	int turns[2];
	char turn = 0;

	strcpy(path, name);
	if (pipe(turns) != 0)
		die("pipe");
	for (int i = 0; i < count; i++) {
		if (fork() != 0)
			continue;
		if (read(turns[0], &turn, 1) == 1)
			syscall(SYS_unlinkat, AT_FDCWD, path, 0);
		_exit(0);
	}
	do {
		if (write(turns[1], &turn, 1) != 1)
			die("write");
	} while (wait(NULL) > 0);
}

struct state {
	/* Between receiving a request and answering it. */
	bool serving;
	/* Calls since then, and the one at which the world is to change. */
	int calls;
	int turn;
	/* Requests in a row that were served without so many: others than the one that is attacked may be among them.
	 */
	int shorter;
	/* Who asks, and who has its pid now. */
	pid_t caller;
	pid_t impostor;
	bool exchanged;
};

static void change(struct state *state)
{
	if (names[1]) {
		exchange();
		state->exchanged = true;
	} else {
		state->impostor = reuse(state->caller);
	}
}

static void change_back(struct state *state)
{
	if (state->exchanged)
		exchange();
	if (state->impostor > 0) {
		kill(state->impostor, SIGKILL);
		waitpid(state->impostor, NULL, 0);
	}
	state->exchanged = false;
	state->impostor = 0;
}

static void end_request(struct state *state)
{
	if (!state->serving)
		return;
	change_back(state);
	state->serving = false;
	if (watches) {
		look();
	} else if (state->calls >= state->turn) {
		state->turn++;
		state->shorter = 0;
	} else {
		state->shorter++;
	}
}

/* A system call begins or has ended. */
static void on_call(struct state *state, pid_t broker)
{
	static uint64_t request;
	static uint64_t command;
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, broker, sizeof info, &info) <= 0)
		die("PTRACE_GET_SYSCALL_INFO");
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		command = info.entry.nr == SYS_ioctl ? info.entry.args[1] : 0;
		if (command == SECCOMP_IOCTL_NOTIF_RECV) {
			request = info.entry.args[2];
			end_request(state);
		} else if (state->serving && watches) {
			state->turn++;
			look();
		} else if (state->serving && ++state->calls == state->turn) {
			change(state);
		}
	} else if (command == SECCOMP_IOCTL_NOTIF_RECV && info.exit.rval == 0) {
		/* In struct seccomp_notif the pid is behind the id. */
		state->caller = (pid_t)ptrace(PTRACE_PEEKDATA, broker, request + 8, NULL);
		state->serving = true;
		state->calls = 0;
	} else if ((command == SECCOMP_IOCTL_NOTIF_SEND || command == SECCOMP_IOCTL_NOTIF_ADDFD) &&
		   info.exit.rval >= 0) {
		end_request(state);
	}
}

static bool is_over(const struct state *state)
{
	return state->shorter == SHORT_MAX;
}

static int trace(pid_t broker)
{
	struct state state = { .turn = 1 };
	int status;
	int signal = 0;

	for (;;) {
		if (ptrace(is_over(&state) ? PTRACE_CONT : PTRACE_SYSCALL, broker, NULL, signal) != 0)
			die("ptrace");
		if (waitpid(broker, &status, __WALL) != broker)
			die("waitpid");
		if (!WIFSTOPPED(status))
			break;
		signal = WSTOPSIG(status);
		if (signal == (SIGTRAP | 0x80)) {
			on_call(&state, broker);
			signal = 0;
		} else if (signal == SIGTRAP) {
			signal = 0; /* after execve */
		}
	}
	change_back(&state);
	print_words();
	fprintf(stderr, "%d\n", watches || is_over(&state) ? state.turn - 1 : -1);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	const bool exchanges = argc > 5 && strcmp(argv[1], "exchange") == 0;
	char **command;
	int status;
	pid_t broker;

	if (argc == 4 && strcmp(argv[1], "remove") == 0) {
		removes(argv[2], atoi(argv[3]));
		return 0;
	}
	if (argc == 4 && strcmp(argv[1], "open") == 0) {
		for (int i = 0; i < atoi(argv[3]); i++)
			try_open(argv[2]);
		print_words();
		return 0;
	}
	watches = argc > 5 && strcmp(argv[1], "watch") == 0;
	command = argv + (exchanges || watches ? 5 : 4);
	if (argc < 5 || strcmp(command[-1], "--") != 0 || (command == argv + 4 && strcmp(argv[1], "reuse") != 0))
		return 2;
	command[-1] = NULL;
	names = argv + 2;
	broker = fork();
	if (broker == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(command[0], command);
		die(command[0]);
	}
	if (broker < 0 || waitpid(broker, &status, 0) != broker || !WIFSTOPPED(status))
		return 99;
	ptrace(PTRACE_SETOPTIONS, broker, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	return trace(broker);
}
