/* Made by tools/gen-layout.ts from src/plan/layout.ts: change that. */
#ifndef LL_LAYOUT_GEN_H
#define LL_LAYOUT_GEN_H

#include <stddef.h>
#include <stdint.h>

#define LL_PLAN_MAGIC UINT64_C(0x00014e414c504c4c)
#define LL_STORED_MAGIC UINT64_C(0x3145524f54534c4c)
#define LL_PLAN_FILE_MAGIC UINT64_C(0x31454c4946504c4c)
#define LL_ANY_UID UINT32_C(0xffffffff)
#define LL_MAX_RULESETS 16
#define LL_MAX_BINDS 512
#define LL_PROOF_CALL 0x4c4c5052
#define LL_PROOF_ERRNO 4012
#define LL_LAYOUT_DIGEST \
	{ 0xa95f6cbb, \
	  0xa18ed0d4, \
	  0xf6d87b08, \
	  0xe8634b3e, \
	  0x5f0df872, \
	  0x9fe1649e, \
	  0x0f98f73a, \
	  0xd98e351f }

/* src/kernel/filesystems.ts; behind the last one is an empty one. */
#define LL_OWN_FILESYSTEMS \
	"tmpfs\0" \
	"ramfs\0" \
	"rootfs\0" \
	"devtmpfs\0" \
	"devpts\0" \
	"hugetlbfs\0" \
	"mqueue\0" \
	"proc\0" \
	"sysfs\0" \
	"securityfs\0" \
	"debugfs\0" \
	"tracefs\0" \
	"configfs\0" \
	"pstore\0" \
	"efivarfs\0" \
	"bpf\0" \
	"fusectl\0" \
	"binfmt_misc\0" \
	"nsfs\0" \
	"selinuxfs\0" \
	"smackfs\0" \
	"cgroup\0" \
	"cgroup2\0" \
	"cpuset\0" \
	"resctrl\0" \
	"rpc_pipefs\0" \
	"ext2\0" \
	"ext3\0" \
	"ext4\0" \
	"xfs\0" \
	"btrfs\0" \
	"bcachefs\0" \
	"f2fs\0" \
	"zfs\0" \
	"jfs\0" \
	"nilfs2\0" \
	"reiserfs\0" \
	"vfat\0" \
	"msdos\0" \
	"exfat\0" \
	"ntfs3\0" \
	"hfsplus\0" \
	"iso9660\0" \
	"udf\0" \
	"squashfs\0" \
	"erofs\0" \
	"cramfs\0" \
	"romfs\0" \
	"minix\0" \
	"jffs2\0" \
	"ubifs\0" \
	"overlay\0"

#define LL_REACHED_BEFORE "warning: this run may write "
#define LL_REACHED_POLICY "its policy "
#define LL_REACHED_PLAN "its plan "
#define LL_REACHED_SINK "its record "
#define LL_REACHED_EXECUTABLE "landlockd itself "
#define LL_REACHED_AFTER ": keep it where no run can change it"
#define LL_SHADOWED_BEFORE "the policy of this run is "
#define LL_SHADOWED_AFTER ", which has the name of a built-in one"

struct ll_header {
	uint64_t magic;
	uint32_t digest[8];
	uint32_t size;
	uint32_t arch;
	uint32_t op_count;
	uint32_t data_offset;
	uint32_t data_size;
	uint32_t namespaces;
	uint32_t flags;
	uint32_t reserved;
};
_Static_assert(offsetof(struct ll_header, magic) == 0, "ll_header.magic");
_Static_assert(offsetof(struct ll_header, digest) == 8, "ll_header.digest");
_Static_assert(offsetof(struct ll_header, size) == 40, "ll_header.size");
_Static_assert(offsetof(struct ll_header, arch) == 44, "ll_header.arch");
_Static_assert(offsetof(struct ll_header, op_count) == 48, "ll_header.op_count");
_Static_assert(offsetof(struct ll_header, data_offset) == 52, "ll_header.data_offset");
_Static_assert(offsetof(struct ll_header, data_size) == 56, "ll_header.data_size");
_Static_assert(offsetof(struct ll_header, namespaces) == 60, "ll_header.namespaces");
_Static_assert(offsetof(struct ll_header, flags) == 64, "ll_header.flags");
_Static_assert(offsetof(struct ll_header, reserved) == 68, "ll_header.reserved");
_Static_assert(sizeof(struct ll_header) == 72, "ll_header");

struct ll_op {
	uint32_t kind;
	uint32_t flags;
	uint64_t a;
	uint64_t b;
	uint64_t c;
	uint32_t text_offset;
	uint32_t text_size;
	uint32_t text2_offset;
	uint32_t text2_size;
};
_Static_assert(offsetof(struct ll_op, kind) == 0, "ll_op.kind");
_Static_assert(offsetof(struct ll_op, flags) == 4, "ll_op.flags");
_Static_assert(offsetof(struct ll_op, a) == 8, "ll_op.a");
_Static_assert(offsetof(struct ll_op, b) == 16, "ll_op.b");
_Static_assert(offsetof(struct ll_op, c) == 24, "ll_op.c");
_Static_assert(offsetof(struct ll_op, text_offset) == 32, "ll_op.text_offset");
_Static_assert(offsetof(struct ll_op, text_size) == 36, "ll_op.text_size");
_Static_assert(offsetof(struct ll_op, text2_offset) == 40, "ll_op.text2_offset");
_Static_assert(offsetof(struct ll_op, text2_size) == 44, "ll_op.text2_size");
_Static_assert(sizeof(struct ll_op) == 48, "ll_op");

struct ll_launch {
	uint32_t size;
	uint32_t flags;
	uint32_t argv;
	uint32_t argc;
	uint32_t envp;
	uint32_t envc;
	uint32_t candidates;
	uint32_t candidate_count;
	uint64_t ignored;
	uint64_t blocked;
	uint64_t nofile_soft;
	uint64_t nofile_hard;
	int32_t stdio_flags[3];
	uint32_t closed;
};
_Static_assert(offsetof(struct ll_launch, size) == 0, "ll_launch.size");
_Static_assert(offsetof(struct ll_launch, flags) == 4, "ll_launch.flags");
_Static_assert(offsetof(struct ll_launch, argv) == 8, "ll_launch.argv");
_Static_assert(offsetof(struct ll_launch, argc) == 12, "ll_launch.argc");
_Static_assert(offsetof(struct ll_launch, envp) == 16, "ll_launch.envp");
_Static_assert(offsetof(struct ll_launch, envc) == 20, "ll_launch.envc");
_Static_assert(offsetof(struct ll_launch, candidates) == 24, "ll_launch.candidates");
_Static_assert(offsetof(struct ll_launch, candidate_count) == 28, "ll_launch.candidate_count");
_Static_assert(offsetof(struct ll_launch, ignored) == 32, "ll_launch.ignored");
_Static_assert(offsetof(struct ll_launch, blocked) == 40, "ll_launch.blocked");
_Static_assert(offsetof(struct ll_launch, nofile_soft) == 48, "ll_launch.nofile_soft");
_Static_assert(offsetof(struct ll_launch, nofile_hard) == 56, "ll_launch.nofile_hard");
_Static_assert(offsetof(struct ll_launch, stdio_flags) == 64, "ll_launch.stdio_flags");
_Static_assert(offsetof(struct ll_launch, closed) == 76, "ll_launch.closed");
_Static_assert(sizeof(struct ll_launch) == 80, "ll_launch");

struct ll_message {
	uint32_t kind;
	uint32_t stage;
	int32_t op;
	int32_t errno;
	int32_t pid;
	int32_t status;
	uint64_t a;
	uint64_t b;
};
_Static_assert(offsetof(struct ll_message, kind) == 0, "ll_message.kind");
_Static_assert(offsetof(struct ll_message, stage) == 4, "ll_message.stage");
_Static_assert(offsetof(struct ll_message, op) == 8, "ll_message.op");
_Static_assert(offsetof(struct ll_message, errno) == 12, "ll_message.errno");
_Static_assert(offsetof(struct ll_message, pid) == 16, "ll_message.pid");
_Static_assert(offsetof(struct ll_message, status) == 20, "ll_message.status");
_Static_assert(offsetof(struct ll_message, a) == 24, "ll_message.a");
_Static_assert(offsetof(struct ll_message, b) == 32, "ll_message.b");
_Static_assert(sizeof(struct ll_message) == 40, "ll_message");

struct ll_stored {
	uint64_t magic;
	uint32_t plan_size;
	uint32_t reserved;
	uint32_t key[8];
	uint32_t mac[8];
};
_Static_assert(offsetof(struct ll_stored, magic) == 0, "ll_stored.magic");
_Static_assert(offsetof(struct ll_stored, plan_size) == 8, "ll_stored.plan_size");
_Static_assert(offsetof(struct ll_stored, reserved) == 12, "ll_stored.reserved");
_Static_assert(offsetof(struct ll_stored, key) == 16, "ll_stored.key");
_Static_assert(offsetof(struct ll_stored, mac) == 48, "ll_stored.mac");
_Static_assert(sizeof(struct ll_stored) == 80, "ll_stored");

struct ll_sieve {
	uint64_t request[10];
	int32_t listener;
	int32_t root;
	uint32_t ready;
	uint32_t received;
	uint64_t passed;
	uint64_t path_size;
	uint64_t path;
	uint64_t shown;
	uint64_t real;
	uint64_t names;
	uint64_t slow;
	uint64_t folders;
	uint64_t files;
	uint64_t mounts;
	uint32_t file_count;
	uint32_t mount_count;
	uint32_t listed;
	uint32_t reserved;
};
_Static_assert(offsetof(struct ll_sieve, request) == 0, "ll_sieve.request");
_Static_assert(offsetof(struct ll_sieve, listener) == 80, "ll_sieve.listener");
_Static_assert(offsetof(struct ll_sieve, root) == 84, "ll_sieve.root");
_Static_assert(offsetof(struct ll_sieve, ready) == 88, "ll_sieve.ready");
_Static_assert(offsetof(struct ll_sieve, received) == 92, "ll_sieve.received");
_Static_assert(offsetof(struct ll_sieve, passed) == 96, "ll_sieve.passed");
_Static_assert(offsetof(struct ll_sieve, path_size) == 104, "ll_sieve.path_size");
_Static_assert(offsetof(struct ll_sieve, path) == 112, "ll_sieve.path");
_Static_assert(offsetof(struct ll_sieve, shown) == 120, "ll_sieve.shown");
_Static_assert(offsetof(struct ll_sieve, real) == 128, "ll_sieve.real");
_Static_assert(offsetof(struct ll_sieve, names) == 136, "ll_sieve.names");
_Static_assert(offsetof(struct ll_sieve, slow) == 144, "ll_sieve.slow");
_Static_assert(offsetof(struct ll_sieve, folders) == 152, "ll_sieve.folders");
_Static_assert(offsetof(struct ll_sieve, files) == 160, "ll_sieve.files");
_Static_assert(offsetof(struct ll_sieve, mounts) == 168, "ll_sieve.mounts");
_Static_assert(offsetof(struct ll_sieve, file_count) == 176, "ll_sieve.file_count");
_Static_assert(offsetof(struct ll_sieve, mount_count) == 180, "ll_sieve.mount_count");
_Static_assert(offsetof(struct ll_sieve, listed) == 184, "ll_sieve.listed");
_Static_assert(offsetof(struct ll_sieve, reserved) == 188, "ll_sieve.reserved");
_Static_assert(sizeof(struct ll_sieve) == 192, "ll_sieve");

struct ll_supervisor {
	int32_t keeper_pid;
	int32_t keeper_pidfd;
	int32_t channel;
	int32_t signals;
	uint64_t mapping;
	uint64_t mapping_size;
	uint64_t run;
	uint64_t plan;
	uint64_t plan_size;
	uint32_t flags;
	uint32_t untold;
	int32_t pid;
	int32_t pidfd;
	int32_t status;
	int32_t listener;
	int32_t driver;
	int32_t mounts;
	uint32_t empty;
	uint32_t gone;
	uint64_t grace_end_ms;
	uint64_t early;
	uint64_t unsent;
	uint64_t mask_before;
	uint64_t ignored_before;
	uint32_t failed_stage;
	int32_t failed_op;
	int32_t failed_errno;
	uint32_t pin_count;
	uint64_t sieve;
	uint64_t audit;
	uint64_t pins;
	int32_t beside_pid;
	int32_t beside;
	int32_t foreground;
	int32_t reserved;
};
_Static_assert(offsetof(struct ll_supervisor, keeper_pid) == 0, "ll_supervisor.keeper_pid");
_Static_assert(offsetof(struct ll_supervisor, keeper_pidfd) == 4, "ll_supervisor.keeper_pidfd");
_Static_assert(offsetof(struct ll_supervisor, channel) == 8, "ll_supervisor.channel");
_Static_assert(offsetof(struct ll_supervisor, signals) == 12, "ll_supervisor.signals");
_Static_assert(offsetof(struct ll_supervisor, mapping) == 16, "ll_supervisor.mapping");
_Static_assert(offsetof(struct ll_supervisor, mapping_size) == 24, "ll_supervisor.mapping_size");
_Static_assert(offsetof(struct ll_supervisor, run) == 32, "ll_supervisor.run");
_Static_assert(offsetof(struct ll_supervisor, plan) == 40, "ll_supervisor.plan");
_Static_assert(offsetof(struct ll_supervisor, plan_size) == 48, "ll_supervisor.plan_size");
_Static_assert(offsetof(struct ll_supervisor, flags) == 56, "ll_supervisor.flags");
_Static_assert(offsetof(struct ll_supervisor, untold) == 60, "ll_supervisor.untold");
_Static_assert(offsetof(struct ll_supervisor, pid) == 64, "ll_supervisor.pid");
_Static_assert(offsetof(struct ll_supervisor, pidfd) == 68, "ll_supervisor.pidfd");
_Static_assert(offsetof(struct ll_supervisor, status) == 72, "ll_supervisor.status");
_Static_assert(offsetof(struct ll_supervisor, listener) == 76, "ll_supervisor.listener");
_Static_assert(offsetof(struct ll_supervisor, driver) == 80, "ll_supervisor.driver");
_Static_assert(offsetof(struct ll_supervisor, mounts) == 84, "ll_supervisor.mounts");
_Static_assert(offsetof(struct ll_supervisor, empty) == 88, "ll_supervisor.empty");
_Static_assert(offsetof(struct ll_supervisor, gone) == 92, "ll_supervisor.gone");
_Static_assert(offsetof(struct ll_supervisor, grace_end_ms) == 96, "ll_supervisor.grace_end_ms");
_Static_assert(offsetof(struct ll_supervisor, early) == 104, "ll_supervisor.early");
_Static_assert(offsetof(struct ll_supervisor, unsent) == 112, "ll_supervisor.unsent");
_Static_assert(offsetof(struct ll_supervisor, mask_before) == 120, "ll_supervisor.mask_before");
_Static_assert(offsetof(struct ll_supervisor, ignored_before) == 128, "ll_supervisor.ignored_before");
_Static_assert(offsetof(struct ll_supervisor, failed_stage) == 136, "ll_supervisor.failed_stage");
_Static_assert(offsetof(struct ll_supervisor, failed_op) == 140, "ll_supervisor.failed_op");
_Static_assert(offsetof(struct ll_supervisor, failed_errno) == 144, "ll_supervisor.failed_errno");
_Static_assert(offsetof(struct ll_supervisor, pin_count) == 148, "ll_supervisor.pin_count");
_Static_assert(offsetof(struct ll_supervisor, sieve) == 152, "ll_supervisor.sieve");
_Static_assert(offsetof(struct ll_supervisor, audit) == 160, "ll_supervisor.audit");
_Static_assert(offsetof(struct ll_supervisor, pins) == 168, "ll_supervisor.pins");
_Static_assert(offsetof(struct ll_supervisor, beside_pid) == 176, "ll_supervisor.beside_pid");
_Static_assert(offsetof(struct ll_supervisor, beside) == 180, "ll_supervisor.beside");
_Static_assert(offsetof(struct ll_supervisor, foreground) == 184, "ll_supervisor.foreground");
_Static_assert(offsetof(struct ll_supervisor, reserved) == 188, "ll_supervisor.reserved");
_Static_assert(sizeof(struct ll_supervisor) == 192, "ll_supervisor");

struct ll_pin {
	int32_t folder;
	int32_t file;
};
_Static_assert(offsetof(struct ll_pin, folder) == 0, "ll_pin.folder");
_Static_assert(offsetof(struct ll_pin, file) == 4, "ll_pin.file");
_Static_assert(sizeof(struct ll_pin) == 8, "ll_pin");

struct ll_plan_file {
	uint64_t magic;
	uint32_t plan_size;
	uint32_t uid;
	uint32_t abi;
	uint32_t needed_abi;
	uint32_t missing_scopes;
	uint32_t reserved;
	uint32_t version[16];
	uint32_t build[8];
	uint32_t policy[8];
	uint32_t checksum[8];
};
_Static_assert(offsetof(struct ll_plan_file, magic) == 0, "ll_plan_file.magic");
_Static_assert(offsetof(struct ll_plan_file, plan_size) == 8, "ll_plan_file.plan_size");
_Static_assert(offsetof(struct ll_plan_file, uid) == 12, "ll_plan_file.uid");
_Static_assert(offsetof(struct ll_plan_file, abi) == 16, "ll_plan_file.abi");
_Static_assert(offsetof(struct ll_plan_file, needed_abi) == 20, "ll_plan_file.needed_abi");
_Static_assert(offsetof(struct ll_plan_file, missing_scopes) == 24, "ll_plan_file.missing_scopes");
_Static_assert(offsetof(struct ll_plan_file, reserved) == 28, "ll_plan_file.reserved");
_Static_assert(offsetof(struct ll_plan_file, version) == 32, "ll_plan_file.version");
_Static_assert(offsetof(struct ll_plan_file, build) == 96, "ll_plan_file.build");
_Static_assert(offsetof(struct ll_plan_file, policy) == 128, "ll_plan_file.policy");
_Static_assert(offsetof(struct ll_plan_file, checksum) == 160, "ll_plan_file.checksum");
_Static_assert(sizeof(struct ll_plan_file) == 192, "ll_plan_file");

enum {
	LL_OP_RULESET = 1,
	LL_OP_RULE_PATH = 2,
	LL_OP_RULE_PORT = 3,
	LL_OP_FORK = 4,
	LL_OP_CWD = 5,
	LL_OP_RESTORE = 6,
	LL_OP_DROP_CAPS = 7,
	LL_OP_NO_NEW_PRIVS = 8,
	LL_OP_RESTRICT = 9,
	LL_OP_FILTER = 10,
	LL_OP_IDENTITY = 11,
	LL_OP_PRIVATE_MOUNTS = 12,
	LL_OP_BIND_SOURCE = 13,
	LL_OP_ROOT = 14,
	LL_OP_BIND = 15,
	LL_OP_TMPFS = 16,
	LL_OP_PROC = 17,
	LL_OP_ENTER_CWD = 18,
	LL_OP_PIVOT = 19,
	LL_OP_ALLOW_TMPFS = 20,
	LL_OP_ALLOW_BIND = 21,
	LL_OP_ALLOW_OBJECT = 22,
	LL_OP_ALLOW_ATTACH = 23,
	LL_OP_LISTED = 24,
	LL_OP_NOTE = 25,
	LL_OP_WRITES = 26,
};

enum {
	LL_FLAG_RULE_PATH_OPTIONAL = 1,
	LL_FLAG_FILTER_NOTIFY = 1,
	LL_FLAG_FILTER_WAIT_KILLABLE = 2,
	LL_FLAG_BIND_SOURCE_READ_ONLY = 1,
	LL_FLAG_ALLOW_BIND_READ_ONLY = 1,
	LL_FLAG_ALLOW_OBJECT_TMPFS = 1,
	LL_FLAG_ALLOW_OBJECT_PROC = 2,
	LL_FLAG_LISTED_READ = 1,
	LL_FLAG_LISTED_WRITE = 2,
	LL_FLAG_LISTED_SCRATCH = 4,
	LL_FLAG_LISTED_EXPORT = 8,
};

enum {
	LL_STAGE_PLAN = 100,
	LL_STAGE_LAUNCH = 101,
	LL_STAGE_CLONE = 102,
	LL_STAGE_CHANNEL = 103,
	LL_STAGE_EXEC = 104,
	LL_STAGE_KEEPER = 105,
};

enum {
	LL_MESSAGE_FAILED = 1,
	LL_MESSAGE_LISTENER = 2,
	LL_MESSAGE_STARTED = 3,
	LL_MESSAGE_STOPPED = 4,
	LL_MESSAGE_EXITED = 5,
	LL_MESSAGE_EMPTY = 6,
	LL_MESSAGE_COMMAND = 7,
	LL_MESSAGE_DONE = 8,
};

enum {
	LL_COMMAND_TMPFS = 200,
	LL_COMMAND_BIND = 201,
	LL_COMMAND_CLONE = 202,
	LL_COMMAND_FSOPEN = 203,
	LL_COMMAND_FSMOUNT = 204,
	LL_COMMAND_ATTACH = 205,
	LL_COMMAND_UNMOUNT = 206,
	LL_COMMAND_RESTRICT = 207,
	LL_COMMAND_CREATE = 208,
};

enum {
	LL_EVENT_LISTENER = 0,
	LL_EVENT_STARTED = 1,
	LL_EVENT_FAILED = 2,
	LL_EVENT_OVER = 3,
	LL_EVENT_ASKED = 4,
	LL_EVENT_DESERTED = 5,
	LL_EVENT_MOUNTS = 6,
	LL_EVENT_DRIVER = 7,
	LL_EVENT_TURN = 8,
	LL_EVENT_BROKEN = 9,
};

enum {
	LL_LAUNCH_LINGER = 1,
};

/* Which operands (1 a, 2 b, 4 c, 8 text, 16 text2) and which flags an op may have. */
#define LL_OP_TABLE \
	[LL_OP_RULESET] = { 7, 0 }, \
	[LL_OP_RULE_PATH] = { 13, 1 }, \
	[LL_OP_RULE_PORT] = { 3, 0 }, \
	[LL_OP_FORK] = { 0, 0 }, \
	[LL_OP_CWD] = { 12, 0 }, \
	[LL_OP_RESTORE] = { 0, 0 }, \
	[LL_OP_DROP_CAPS] = { 0, 0 }, \
	[LL_OP_NO_NEW_PRIVS] = { 0, 0 }, \
	[LL_OP_RESTRICT] = { 3, 0 }, \
	[LL_OP_FILTER] = { 8, 3 }, \
	[LL_OP_IDENTITY] = { 0, 0 }, \
	[LL_OP_PRIVATE_MOUNTS] = { 0, 0 }, \
	[LL_OP_BIND_SOURCE] = { 12, 1 }, \
	[LL_OP_ROOT] = { 12, 0 }, \
	[LL_OP_BIND] = { 13, 0 }, \
	[LL_OP_TMPFS] = { 15, 0 }, \
	[LL_OP_PROC] = { 12, 0 }, \
	[LL_OP_ENTER_CWD] = { 0, 0 }, \
	[LL_OP_PIVOT] = { 0, 0 }, \
	[LL_OP_ALLOW_TMPFS] = { 8, 0 }, \
	[LL_OP_ALLOW_BIND] = { 9, 1 }, \
	[LL_OP_ALLOW_OBJECT] = { 0, 3 }, \
	[LL_OP_ALLOW_ATTACH] = { 8, 0 }, \
	[LL_OP_LISTED] = { 12, 15 }, \
	[LL_OP_NOTE] = { 8, 0 }, \
	[LL_OP_WRITES] = { 8, 0 },
#define LL_OP_KINDS 27

#endif
