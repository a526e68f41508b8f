/*
 * A process outside the sandbox that an escape is aimed at.
 *
 * Prints "PID ADDRESS": its pid and where its secret is in memory. When its stdin ends it prints what became of it,
 * "intact 0" (the secret, and how often SIGUSR1 or SIGIO arrived), and exits.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile char secret[] = "intact";
static volatile sig_atomic_t signals;

static void count(int number)
{
	(void)number;
	signals++;
}

int main(void)
{
	struct sigaction counted = { .sa_handler = count, .sa_flags = SA_RESTART };
	char byte;

	sigaction(SIGUSR1, &counted, NULL);
	sigaction(SIGIO, &counted, NULL);
	printf("%d %p\n", getpid(), (const volatile void *)secret);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	printf("%s %d\n", (const char *)secret, (int)signals);
	return 0;
}
