/*
 * A workload under job control: says "ready PID", then a word for each signal that it gets (continued, interrupted,
 * resized, terminated, hung up), and ends with status 7 when it is told "quit".
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void say(const char *word)
{
	ssize_t ignored = write(STDOUT_FILENO, word, strlen(word));

	(void)ignored;
}

static void on_signal(int number)
{
	switch (number) {
	case SIGCONT:
		say("continued\n");
		break;
	case SIGWINCH:
		say("resized\n");
		break;
	case SIGINT:
		say("interrupted\n");
		break;
	case SIGTERM:
		say("terminated\n");
		break;
	case SIGHUP:
		say("hung up\n");
		break;
	case SIGUSR1:
		say("usr1\n");
		break;
	default:
		say("?\n");
	}
}

int main(void)
{
	static const int handled[] = { SIGCONT, SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	char line[64];

	for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
		sigaction(handled[i], &action, NULL);
	snprintf(line, sizeof line, "ready %d\n", getpid());
	say(line);
	while (fgets(line, sizeof line, stdin)) {
		struct winsize size;

		if (strcmp(line, "quit\n") == 0)
			return 7;
		if (strcmp(line, "size\n") == 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
			printf("size %d %d\n", size.ws_row, size.ws_col);
		else
			printf("heard %s", line);
		fflush(stdout);
	}
	return 8;
}
