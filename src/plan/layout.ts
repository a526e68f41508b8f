/**
 * The one owner of every byte layout that TypeScript and C share: plan, launch request, channel message.
 * `tools/gen-layout.ts` writes `csrc/plan/layout.gen.h` from it, with a static assert on every offset; both sides compare
 * `layoutText()`'s digest before the first use.
 *
 * All integers are little-endian. Structs have no implicit holes: fields are naturally aligned, which `struct()` checks.
 */

export type FieldType = "u32" | "i32" | "u64";

/** A field: its type, or its type and how many of them. */
type FieldSpec = FieldType | readonly [type: FieldType, count: number];

export interface Field {
  readonly type: FieldType;
  readonly count: number;
  /** Bytes from the struct's start. */
  readonly offset: number;
}

export interface Struct<Name extends string = string> {
  readonly fields: Readonly<Record<Name, Field>>;
  readonly sizeBytes: number;
}

const SIZE_BYTES: Record<FieldType, number> = { u32: 4, i32: 4, u64: 8 };

function struct<const Spec extends Record<string, FieldSpec>>(spec: Spec): Struct<keyof Spec & string> {
  const fields: Record<string, Field> = {};
  let offset = 0;
  for (const [name, value] of Object.entries(spec)) {
    const [type, count] = typeof value === "string" ? [value, 1] : value;
    if (offset % SIZE_BYTES[type] !== 0) throw new Error(`layout: ${name} would leave a hole at ${offset}`);
    fields[name] = { type, count, offset };
    offset += SIZE_BYTES[type] * count;
  }
  if (offset % 8 !== 0) throw new Error(`layout: size ${offset} is not a multiple of 8`);
  return { fields: fields as Record<keyof Spec & string, Field>, sizeBytes: offset };
}

/** "LLPLAN", then the major version of the format. */
export const PLAN_MAGIC = 0x0001_4e41_4c50_4c4cn;

/** At the start of a plan. */
export const HEADER: Struct<
  "magic" | "digest" | "size" | "arch" | "op_count" | "data_offset" | "data_size" | "namespaces" | "flags" | "reserved"
> = struct({
  magic: "u64",
  /** SHA-256 of `layoutText()`. */
  digest: ["u32", 8],
  /** Whole plan, bytes. */
  size: "u32",
  /** AUDIT_ARCH_* that the filters were compiled for. */
  arch: "u32",
  op_count: "u32",
  data_offset: "u32",
  data_size: "u32",
  /** CLONE_NEW* flags that the keeper is cloned with. */
  namespaces: "u32",
  /** PLAN_FLAGS. */
  flags: "u32",
  reserved: "u32",
});

/** One operation. Text is NUL-terminated in the data, its size counted without the NUL; unused fields are zero. */
export const OP: Struct<
  "kind" | "flags" | "a" | "b" | "c" | "text_offset" | "text_size" | "text2_offset" | "text2_size"
> = struct({
  kind: "u32",
  flags: "u32",
  a: "u64",
  b: "u64",
  c: "u64",
  text_offset: "u32",
  text_size: "u32",
  text2_offset: "u32",
  text2_size: "u32",
});

/** What one run adds to a plan: argv, environment, and what landlockd itself was started with. */
export const LAUNCH: Struct<
  | "size"
  | "flags"
  | "argv"
  | "argc"
  | "envp"
  | "envc"
  | "candidates"
  | "candidate_count"
  | "ignored"
  | "blocked"
  | "nofile_soft"
  | "nofile_hard"
  | "stdio_flags"
  | "closed"
> = struct({
  size: "u32",
  /** LAUNCH_FLAGS. */
  flags: "u32",
  /** Offset of argc + 1 u64 slots, each the offset of a NUL-terminated string; the last is 0. */
  argv: "u32",
  argc: "u32",
  envp: "u32",
  envc: "u32",
  /** Paths to try with execve, in order. */
  candidates: "u32",
  candidate_count: "u32",
  /** Bit n - 1 is signal n: ignored, and blocked, when landlockd started. */
  ignored: "u64",
  blocked: "u64",
  nofile_soft: "u64",
  nofile_hard: "u64",
  /** O_NONBLOCK and friends of fds 0, 1, 2 (F_GETFL); -1 leaves one alone. */
  stdio_flags: ["i32", 3],
  /** Bit n: fd n was closed when landlockd started. */
  closed: "u32",
});

/** A datagram on the channel between supervisor, keeper and workload-to-be. */
export const MESSAGE: Struct<"kind" | "stage" | "op" | "errno" | "pid" | "status" | "a" | "b"> = struct({
  kind: "u32",
  /** Op kind, or one of STAGES. */
  stage: "u32",
  /** Index of the failing op; -1 where it was none. */
  op: "i32",
  errno: "i32",
  pid: "i32",
  /** A wait status, as wait(2). */
  status: "i32",
  /** Operands of a command, and what it gives. */
  a: "u64",
  b: "u64",
});

/** "LLSTORE1": a compiled plan in the plan store. */
export const STORED_MAGIC = 0x3145_524f_5453_4c4cn;

/** What stands in front of a stored plan. */
export const STORED: Struct<"magic" | "plan_size" | "reserved" | "key" | "mac"> = struct({
  magic: "u64",
  /** Bytes that follow. */
  plan_size: "u32",
  reserved: "u32",
  /** SHA-256 of all that the plan was compiled from; also its name in the store. */
  key: ["u32", 8],
  /** HMAC-SHA-256 of what stands before it and of the plan, by the user's own key. */
  mac: ["u32", 8],
});

/** What a listener's requests are received into, and what tells those apart that are on no list: csrc/broker/sieve.h. */
export const SIEVE: Struct<
  | "request"
  | "listener"
  | "root"
  | "ready"
  | "received"
  | "passed"
  | "path_size"
  | "path"
  | "shown"
  | "real"
  | "names"
  | "slow"
  | "folders"
  | "files"
  | "mounts"
  | "file_count"
  | "mount_count"
  | "listed"
  | "reserved"
> = struct({
  /** struct seccomp_notif. */
  request: ["u64", 10],
  listener: "i32",
  /** What absolute paths start from: an fd, or AT_FDCWD. */
  root: "i32",
  /** 1 once the lists below are there; before, every request is the owner's. */
  ready: "u32",
  /** 1 while `request` waits for its owner. */
  received: "u32",
  /** Requests that were passed on. */
  passed: "u64",
  /** Bytes of the path in `path`, that of `request`; 0 where it wasn't copied. */
  path_size: "u64",
  /** Addresses of room for paths: the caller's own, the same with its folder (twice as long), a folder's real one. */
  path: "u64",
  shown: "u64",
  real: "u64",
  /** Address of the spellings of the policy's folders, each with its NUL; the last one is empty. */
  names: "u64",
  /** The same of mounts whose lookups may wait for a server; none of them: the sieve needn't take care. */
  slow: "u64",
  /** Addresses of arrays: struct ll_sieve_folder, struct ll_sieve_file, mount ids of scratch folders. */
  folders: "u64",
  files: "u64",
  mounts: "u64",
  file_count: "u32",
  mount_count: "u32",
  /** The entry of `files` that the path of `request` leads to, from 1; 0 for none. Not told beneath the policy's folders. */
  listed: "u32",
  reserved: "u32",
});

/** One run, from its start to its end: csrc/run/supervisor.h. Fds and memory in it are its driver's. */
export const SUPERVISOR: Struct<
  | "keeper_pid"
  | "keeper_pidfd"
  | "channel"
  | "signals"
  | "mapping"
  | "mapping_size"
  | "run"
  | "plan"
  | "plan_size"
  | "flags"
  | "untold"
  | "pid"
  | "pidfd"
  | "status"
  | "listener"
  | "driver"
  | "mounts"
  | "empty"
  | "gone"
  | "grace_end_ms"
  | "early"
  | "unsent"
  | "mask_before"
  | "ignored_before"
  | "failed_stage"
  | "failed_op"
  | "failed_errno"
  | "sieve"
  | "audit"
  | "pins"
  | "pin_count"
  | "beside_pid"
  | "beside"
  | "foreground"
  | "reserved"
> = struct({
  keeper_pid: "i32",
  keeper_pidfd: "i32",
  /** SOCK_SEQPACKET of MESSAGE. */
  channel: "i32",
  /** What signals that came are read from: struct signalfd_siginfo. */
  signals: "i32",
  /** Of struct ll_run, plan and launch request: until the keeper was reaped. */
  mapping: "u64",
  mapping_size: "u64",
  /** Address of struct ll_run. */
  run: "u64",
  /** The checked plan. */
  plan: "u64",
  plan_size: "u64",
  /** LAUNCH_FLAGS. */
  flags: "u32",
  /** Bit n: event n of EVENTS has happened, and the driver wasn't told yet. */
  untold: "u32",
  /** The workload's, as this process sees it; 0 before it runs, -1 where it can't be told. */
  pid: "i32",
  /** The workload's; -1 before it runs. */
  pidfd: "i32",
  /** The workload's wait status; -1 while it runs. */
  status: "i32",
  /** Of the run's notify filter, watched together with `sieve`; -1 where there is none, or another process has it. */
  listener: "i32",
  /** One more fd to watch for input, of the driver's own; -1. */
  driver: "i32",
  /** A mountinfo file to watch for changes; -1. */
  mounts: "i32",
  /** 1: no process of the run is left. */
  empty: "u32",
  /** 1: the keeper is. */
  gone: "u32",
  /** CLOCK_MONOTONIC: until when descendants that outlive the workload are served. */
  grace_end_ms: "u64",
  /** Bit n - 1 is signal n: read before there was a workload; to be passed on to it; blocked, and ignored, before. */
  early: "u64",
  unsent: "u64",
  mask_before: "u64",
  ignored_before: "u64",
  /** As in MESSAGE, for the event `failed`; the errno for `broken` too. */
  failed_stage: "u32",
  failed_op: "i32",
  failed_errno: "i32",
  /** Of `pins`. */
  pin_count: "u32",
  /** Address of SIEVE; 0 before there is one. */
  sieve: "u64",
  /** Address of struct ll_audit (csrc/audit/audit.h); 0 where nothing is on record. */
  audit: "u64",
  /** Address of PIN: what the plan's `listed` ops name, in their order. */
  pins: "u64",
  /** Of a process that receives requests while its driver changes, and its socket: csrc/front/beside.h. 0 for none. */
  beside_pid: "i32",
  beside: "i32",
  /** The process group that gets its terminal back after the run; 0 for none. */
  foreground: "i32",
  reserved: "i32",
});

/** What an entry of the broker's lists is: a folder; or a file (-1 while there is none) and the folder that it is in. */
export const PIN: Struct<"folder" | "file"> = struct({ folder: "i32", file: "i32" });

/** What a step of the supervisor ends with. The first four happen once, in this order. */
export const EVENTS = {
  /** The run has a listener: the driver gives it a sieve, or takes it. */
  listener: 0,
  /** execve succeeded. */
  started: 1,
  /** The run couldn't be started, and nothing of it has run. */
  failed: 2,
  /** The workload ended, and what outlived it has had its time. */
  over: 3,
  /** A request is in the sieve, and the driver's to answer. */
  asked: 4,
  /** Nobody is left who could ask. */
  deserted: 5,
  /** The mounts have changed. */
  mounts: 6,
  /** The driver's own fd has something to say. */
  driver: 7,
  /** None of these within the given time, or so many requests were passed on that others have their turn. */
  turn: 8,
  /** The supervisor can't wait any more: its driver ends the run. */
  broken: 9,
} as const;

/** "LLPFILE1": a compiled plan in a file of its own (docs/plan-store.md). Another layout of PLAN_FILE is another magic. */
export const PLAN_FILE_MAGIC = 0x3145_4c49_4650_4c4cn;

/** In PLAN_FILE.uid: for every user. No user has it (chown(2) leaves an owner alone by it). */
export const ANY_UID = 0xffff_ffff;

/** Bytes of PLAN_FILE.version. */
export const VERSION_BYTES = 64;

/** What stands in front of the plan in a plan file. */
export const PLAN_FILE: Struct<
  | "magic"
  | "plan_size"
  | "uid"
  | "abi"
  | "needed_abi"
  | "missing_scopes"
  | "reserved"
  | "version"
  | "build"
  | "policy"
  | "checksum"
> = struct({
  magic: "u64",
  /** Bytes that follow. */
  plan_size: "u32",
  /** The user whose number is in the plan; ANY_UID where none is. */
  uid: "u32",
  /** Of the Landlock of the host that it was compiled for. */
  abi: "u32",
  /** The least that has all rights and scopes of the plan. */
  needed_abi: "u32",
  /** LANDLOCK_SCOPE_* that every run of the policy gets where the kernel has them, and that host hadn't. */
  missing_scopes: "u32",
  reserved: "u32",
  /** What `--version` prints, filled up with NUL: only for messages. */
  version: ["u32", VERSION_BYTES / 4],
  /** SHA-256 that names the build of landlockd that compiled it. */
  build: ["u32", 8],
  /** SHA-256 of the policy's text: only for people. */
  policy: ["u32", 8],
  /** SHA-256 of what stands before it and of the plan. */
  checksum: ["u32", 8],
});

export type Operand = "a" | "b" | "c" | "text" | "text2";

export interface OpSpec {
  readonly id: number;
  /** Operands that may be other than zero; text operands listed here are required. */
  readonly uses: readonly Operand[];
  /** Flag bits by name. */
  readonly flags: Readonly<Record<string, number>>;
}

/**
 * The operations, in the order in which a plan has them. Ids are never reused.
 *
 * Of those that open their text, c is its trusted part: so many of its bytes name what no run of the policy can change,
 * and are opened through whatever links they have. In what follows an earlier run may have put a link, so none is
 * followed there (src/compile/links.ts). 0: all of the text is trusted.
 */
export const OPS: Readonly<Record<OpName, OpSpec>> = {
  /** Create a Landlock ruleset: a = handled_access_fs, b = handled_access_net, c = scoped. */
  ruleset: { id: 1, uses: ["a", "b", "c"], flags: {} },
  /** Add a path_beneath rule to the newest ruleset: a = allowed access. */
  rule_path: { id: 2, uses: ["a", "c", "text"], flags: { optional: 1 } },
  /** Add a net_port rule to the newest ruleset: a = allowed access, b = port. */
  rule_port: { id: 3, uses: ["a", "b"], flags: {} },
  /** The keeper stays here and the workload-to-be goes on. Nothing where a run becomes its workload. */
  fork: { id: 4, uses: [], flags: {} },
  /** chdir(2). */
  cwd: { id: 5, uses: ["c", "text"], flags: {} },
  /** Hand back what landlockd was started with: dispositions, mask, limits, stdio; close every other fd on exec. */
  restore: { id: 6, uses: [], flags: {} },
  /** Empty every capability set. */
  drop_caps: { id: 7, uses: [], flags: {} },
  /** prctl(PR_SET_NO_NEW_PRIVS). */
  no_new_privs: { id: 8, uses: [], flags: {} },
  /** landlock_restrict_self with ruleset number a (counted from 0), flags b. */
  restrict: { id: 9, uses: ["a", "b"], flags: {} },
  /** seccomp filter: text = struct sock_filter[]. With notify, the listener goes to the supervisor. */
  filter: { id: 10, uses: ["text"], flags: { notify: 1, wait_killable: 2 } },

  // Mounts and the root: between the header's namespaces and the first ruleset, but for the pivot, which follows the rules.

  /** In a new user namespace: be the user and the group that landlockd was started as. */
  identity: { id: 11, uses: [], flags: {} },
  /** Make every mount private: nothing that is mounted here is seen outside, and nothing from outside here. */
  private_mounts: { id: 12, uses: [], flags: {} },
  /** Take a copy of the tree at text, as it is before anything is mounted; bind ops number them from 0. */
  bind_source: { id: 13, uses: ["c", "text"], flags: { read_only: 1 } },
  /** Make text a mount point, with all that is mounted beneath it: the later root. */
  root: { id: 14, uses: ["c", "text"], flags: {} },
  /** Attach tree number a to text. */
  bind: { id: 15, uses: ["a", "c", "text"], flags: {} },
  /** A tmpfs on text: a = most bytes, 0 for the kernel's default; b = permission bits of its root. */
  tmpfs: { id: 16, uses: ["a", "b", "c", "text"], flags: {} },
  /** A procfs of the run's own PID namespace on text. */
  proc: { id: 17, uses: ["c", "text"], flags: {} },
  /** Go to the working directory again, by its path: a mount may cover it. */
  enter_cwd: { id: 18, uses: [], flags: {} },
  /** The root op's tree becomes the root, and the old root is no more. */
  pivot: { id: 19, uses: [], flags: {} },

  // What the workload may mount while it runs: nothing is done now, but the keeper takes commands for these ops only.
  // Paths are those inside the root.

  /** A tmpfs on text. */
  allow_tmpfs: { id: 20, uses: ["text"], flags: {} },
  /** Tree number a (bind_source) on text. */
  allow_bind: { id: 21, uses: ["a", "text"], flags: { read_only: 1 } },
  /** A filesystem of its own making; attached where the allow_attach ops that follow say. */
  allow_object: { id: 22, uses: [], flags: { tmpfs: 1, proc: 2 } },
  allow_attach: { id: 23, uses: ["text"], flags: {} },

  /** text is on a list of the broker's: nothing is done for it, but whoever answers pins it before the workload starts. */
  listed: { id: 24, uses: ["c", "text"], flags: { read: 1, write: 2, scratch: 4, export: 8 } },

  /** text is what a person has to be told of each run, on stderr: what the host lacks of the policy. Nothing is done. */
  note: { id: 25, uses: ["text"], flags: {} },

  /** text is what the policy lets be written, by its real path: nothing is done, but a run is warned of what lies there. */
  writes: { id: 26, uses: ["text"], flags: {} },
};

export type OpName =
  | "ruleset"
  | "rule_path"
  | "rule_port"
  | "fork"
  | "cwd"
  | "restore"
  | "drop_caps"
  | "no_new_privs"
  | "restrict"
  | "filter"
  | "identity"
  | "private_mounts"
  | "bind_source"
  | "root"
  | "bind"
  | "tmpfs"
  | "proc"
  | "enter_cwd"
  | "pivot"
  | "allow_tmpfs"
  | "allow_bind"
  | "allow_object"
  | "allow_attach"
  | "listed"
  | "note"
  | "writes";

/** Stages that aren't operations. */
export const STAGES = { plan: 100, launch: 101, clone: 102, channel: 103, exec: 104, keeper: 105 } as const;

export const MESSAGES = {
  /** The run could not be set up: stage, op, errno. */
  failed: 1,
  /** The seccomp listener comes along as an fd. */
  listener: 2,
  /** execve succeeded: pid as the supervisor sees it, -1 where that can't be told; the workload's pidfd comes along. */
  started: 3,
  /** The workload stopped (job control): status. */
  stopped: 4,
  /** The workload ended: status. */
  exited: 5,
  /** No descendant of the run is left. */
  empty: 6,
  /** To the keeper: a command (its stage) about an op of the plan, perhaps with an fd. */
  command: 7,
  /** From the keeper: what the command came to, in errno; perhaps with an fd. */
  done: 8,
} as const;

/** What the keeper does for the workload at run time, inside its namespaces and outside its domain. */
export const COMMANDS = {
  /** About an allow_tmpfs: mount one there. a = most bytes, b = permission bits | MOUNT_ATTR_* << 32. Gives a = mount id. */
  tmpfs: 200,
  /** About an allow_bind: bind it there. Gives a = mount id. */
  bind: 201,
  /** About an allow_bind: hand out a copy of its tree, read-only if a is 1. Gives an fd, a = mount id. */
  clone: 202,
  /** About an allow_object: fsopen(2). Gives an fd. */
  fsopen: 203,
  /** About an allow_object: fsmount(2) of the fd; a = MOUNT_ATTR_*. Gives an fd, a = mount id. */
  fsmount: 204,
  /** About an allow_bind or allow_attach: attach the fd's tree there, with the attributes b added. Gives a = mount id. */
  attach: 205,
  /** About the op of a target: umount2(2) with flags b, if the mount with id a is on top there. */
  unmount: 206,
  /** Add the attributes b to the fd's tree; without an fd to the mount with id a on top of the op's target. */
  restrict: 207,
  /** About an allow_object: FSCONFIG_CMD_CREATE of the fd. */
  create: 208,
} as const;

export const PLAN_FLAGS: Readonly<Record<string, number>> = {};
export const LAUNCH_FLAGS = {
  /** Keep descendants of the workload after it ended until the channel closes; without it the keeper leaves with the workload. */
  linger: 1,
} as const;

/** Landlock's limit for stacked domains (Documentation/userspace-api/landlock.rst). */
export const MAX_RULESETS = 16;

/** Trees that the keeper holds at once: the binds of a plan. */
export const MAX_BINDS = 512;

/**
 * How every deny filter tells that it is in place: this operation of seccomp(2), which no kernel has, and the errno that
 * the filter answers it by, which seccomp(2) never gives.
 */
export const PROOF_CALL = 0x4c4c_5052;
export const PROOF_ERRNO = 0xfac;

/** What a run is warned of on stderr: between `before` and `after` stands what lies in its reach, with its path. */
export const REACHED = {
  before: "warning: this run may write ",
  policy: "its policy ",
  plan: "its plan ",
  sink: "its record ",
  executable: "landlockd itself ",
  after: ": keep it where no run can change it",
} as const;

/** What is told of a policy that was named: between the two stands the file. */
export const SHADOWED = {
  before: "the policy of this run is ",
  after: ", which has the name of a built-in one",
} as const;

/** Everything that has to agree, as text: its SHA-256 is the format's digest. */
export function layoutText(): string {
  return JSON.stringify({
    PLAN_MAGIC: `${PLAN_MAGIC}`,
    HEADER,
    OP,
    LAUNCH,
    MESSAGE,
    OPS,
    STAGES,
    MESSAGES,
    PLAN_FLAGS,
    LAUNCH_FLAGS,
    MAX_RULESETS,
    MAX_BINDS,
    COMMANDS,
    STORED_MAGIC: `${STORED_MAGIC}`,
    STORED,
    SIEVE,
    SUPERVISOR,
    PIN,
    EVENTS,
    PLAN_FILE_MAGIC: `${PLAN_FILE_MAGIC}`,
    PLAN_FILE,
    ANY_UID,
    PROOF_CALL,
    PROOF_ERRNO,
  });
}
