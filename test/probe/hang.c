/*
 * A FUSE filesystem that stops answering: what a server does that is gone.
 * Mounts itself on FOLDER, in a mount namespace of its own, writes the pid of
 * the process that serves it into PIDFILE, and executes CMD. It goes on serving
 * when that has ended, until it is killed.
 *
 *     hang FOLDER PIDFILE CMD [ARG...]
 *     hang here FOLDER PIDFILE        mounts it in the namespace that it is started in
 *
 * In its root:  ok      a file: "ok"
 *               late    the same, but after SIGUSR2 its lookup isn't answered
 *               lookup  its lookup is never answered
 *               open    the same as ok, but its open is never answered
 *               dir     a folder with the same names; mkdir of "stuck" in it is never answered, of another name is
 *
 * PIDFILE.held is there once something isn't answered.
 *
 * Nothing is answered to FUSE_INTERRUPT: who waits can't even be killed. After
 * SIGUSR1, what wasn't answered is, and is from then on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOT = FUSE_ROOT_ID, DIR_NODE, OK_NODE, OPEN_NODE, MADE_NODE, HELD_MAX = 64, BUFFER_SIZE = 256 * 1024 };

static int fuse = -1;
static volatile sig_atomic_t answers_all;
static volatile sig_atomic_t is_late;
static char held[HELD_MAX][512];
static int held_count;
static char held_file[4096];

static void on_signal(int number)
{
	if (number == SIGUSR1)
		answers_all = 1;
	else
		is_late = 1;
}

static void reply(const struct fuse_in_header *in, int error, const void *data, size_t size)
{
	static char out[BUFFER_SIZE];
	const struct fuse_out_header header = { (uint32_t)(sizeof(header) + size), -error, in->unique };

	memcpy(out, &header, sizeof(header));
	if (size > 0)
		memcpy(out + sizeof(header), data, size);
	if (write(fuse, out, header.len) < 0 && errno != ENOENT)
		perror("hang: reply");
}

static struct fuse_attr attr_of(uint64_t node)
{
	const bool folder = node == ROOT || node == DIR_NODE || node == MADE_NODE;

	return (struct fuse_attr){
		.ino = node,
		.size = folder ? 0 : 2,
		.mode = folder ? S_IFDIR | 0777 : S_IFREG | 0666,
		.nlink = 1,
		.blksize = 4096,
	};
}

static uint64_t node_of(const char *name)
{
	if (strcmp(name, "dir") == 0)
		return DIR_NODE;
	if (strcmp(name, "open") == 0)
		return OPEN_NODE;
	return strcmp(name, "ok") == 0 || strcmp(name, "late") == 0 || strcmp(name, "lookup") == 0 ? OK_NODE : 0;
}

/* No entry and no attribute is valid for a moment: the kernel asks each time. */
static void reply_entry(const struct fuse_in_header *in, uint64_t node)
{
	const struct fuse_entry_out entry = { .nodeid = node, .attr = attr_of(node) };

	if (node == 0)
		reply(in, ENOENT, NULL, 0);
	else
		reply(in, 0, &entry, sizeof(entry));
}

static bool is_held(const struct fuse_in_header *in, const char *name)
{
	if (answers_all)
		return false;
	switch (in->opcode) {
	case FUSE_LOOKUP:
		return strcmp(name, "lookup") == 0 || (is_late && strcmp(name, "late") == 0);
	case FUSE_OPEN:
		return in->nodeid == OPEN_NODE;
	case FUSE_MKDIR:
		return strcmp(name + sizeof(struct fuse_mkdir_in), "stuck") == 0;
	default:
		return false;
	}
}

static void serve(char *request)
{
	const struct fuse_in_header *in = (const void *)request;
	char *body = request + sizeof(*in);
	const struct fuse_init_out init = {
		.major = 7, .minor = 31, .max_write = 4096, .max_background = 64, .flags = FUSE_PARALLEL_DIROPS
	};
	const struct fuse_attr_out attr = { .attr = attr_of(in->nodeid) };
	const struct fuse_open_out opened = { 0 };

	if (is_held(in, body)) {
		memcpy(held[held_count++ % HELD_MAX], request, in->len < sizeof(held[0]) ? in->len : sizeof(held[0]));
		close(creat(held_file, 0644));
		return;
	}
	switch (in->opcode) {
	case FUSE_INIT:
		reply(in, 0, &init, sizeof(init));
		return;
	case FUSE_LOOKUP:
		reply_entry(in, node_of(body));
		return;
	case FUSE_MKDIR:
		reply_entry(in, MADE_NODE);
		return;
	case FUSE_GETATTR:
		reply(in, 0, &attr, sizeof(attr));
		return;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		reply(in, 0, &opened, sizeof(opened));
		return;
	case FUSE_READ:
		reply(in, 0, "ok", 2);
		return;
	case FUSE_READDIR:
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_ACCESS:
		reply(in, 0, NULL, 0);
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return;
	default:
		reply(in, ENOSYS, NULL, 0);
	}
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void part(void)
{
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		die("hang: namespace");
}

static void mount_on(const char *folder)
{
	char options[128];

	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse);
	if (fuse < 0 || mount("hang", folder, "fuse.hang", MS_NOSUID | MS_NODEV, options) != 0)
		die("hang: mount");
}

static void serve_all(void)
{
	static char request[BUFFER_SIZE];
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	/* Nobody waits for the end of our output. */
	close_range(0, 2, 0);
	for (;;) {
		const ssize_t size = read(fuse, request, sizeof(request));

		if (size < 0 && errno != EINTR && errno != ENOENT)
			_exit(0);
		if (answers_all)
			for (; held_count > 0; held_count--)
				serve(held[(held_count - 1) % HELD_MAX]);
		if (size > 0)
			serve(request);
	}
}

int main(int argc, char **argv)
{
	pid_t server;
	FILE *file;
	bool here;

	if (argc < 4)
		return 2;
	here = strcmp(argv[1], "here") == 0;
	argv += here;
	if (!here)
		part();
	mount_on(argv[1]);
	snprintf(held_file, sizeof(held_file), "%s.held", argv[2]);
	unlink(held_file);
	server = fork();
	if (server == 0)
		serve_all();
	file = fopen(argv[2], "w");
	if (server < 0 || file == NULL || fprintf(file, "%d", server) < 0 || fclose(file) != 0)
		die("hang");
	if (here)
		return 0;
	execvp(argv[3], argv + 3);
	die(argv[3]);
}
