/** Finds the command as execvp(3) does, and says early and clearly why it can't be executed. */

import { rawVariable } from "../base/raw.ts";
import { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } from "../kernel/errno.ts";
import { errnoName } from "../kernel/errno-names.ts";
import { O_NONBLOCK, O_RDONLY, S_IFDIR, S_IFREG } from "../kernel/file.ts";
import { closeFile, type FileStatus, isExecutable, openFile, readInto, statusAt } from "../native/file.ts";

const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/** Why a command can't be run: 127 when there is none, 126 when it can't be executed. */
export interface CommandProblem {
  readonly status: 126 | 127;
  readonly message: string;
}

/** The command isn't there, or can't be executed: seen before the sandbox was built. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  readonly status: 126 | 127;

  constructor(status: 126 | 127, message: string) {
    super(message);
    this.status = status;
  }
}

/** The paths that execve is to try. A name with a slash is a path; an empty folder in PATH is the working directory. */
export function candidatesOf(name: Uint8Array, env: readonly Uint8Array[]): readonly Uint8Array[] {
  if (name.length === 0 || name.includes(0x2f)) return [name];
  const list = rawVariable(env, "PATH") ?? Buffer.from(DEFAULT_PATH);
  return splitBytes(list, 0x3a).map((folder) =>
    folder.length === 0 ? Buffer.concat([Buffer.from("./"), name]) : Buffer.concat([folder, Buffer.from("/"), name]),
  );
}

function splitBytes(bytes: Uint8Array, separator: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (;;) {
    const end = bytes.indexOf(separator, from);
    parts.push(bytes.subarray(from, end < 0 ? bytes.length : end));
    if (end < 0) return parts;
    from = end + 1;
  }
}

/** What stands in the way of stat(2), in words. */
const OBSTACLES: Readonly<Record<number, string>> = {
  [EACCES]: "a folder on the way to it can't be searched",
  [ELOOP]: "too many symbolic links",
  [ENAMETOOLONG]: "the name is too long",
  [ENOTDIR]: "a part of its path is not a directory",
};

/**
 * A problem that can be seen before the sandbox is there, in words that help. The kernel has the last word: nothing
 * here makes a run go on that execve would refuse.
 */
export function findProblem(name: Uint8Array, candidates: readonly Uint8Array[]): CommandProblem | undefined {
  const shown = JSON.stringify(Buffer.from(name).toString());
  let problem: CommandProblem | undefined;
  for (const candidate of candidates) {
    const status = statusAt(candidate);
    const errno = typeof status === "number" ? -status : 0;
    // A folder of PATH that can't be searched is passed over; a path that was spelled out is not.
    if (errno === ENOENT || (errno !== 0 && !name.includes(0x2f))) continue;
    const reason = typeof status === "number" ? (OBSTACLES[errno] ?? errnoName(errno)) : refusal(candidate, status);
    if (reason === undefined) return undefined;
    problem ??= { status: 126, message: `cannot execute ${shown}: ${reason}` };
  }
  return problem ?? { status: 127, message: `${shown}: command not found` };
}

function refusal(path: Uint8Array, { type }: FileStatus): string | undefined {
  if (type === S_IFDIR) return "it is a directory";
  if (type !== S_IFREG) return "it is not a regular file";
  if (!isExecutable(path)) return "it is not executable (chmod +x)";
  return interpreterProblem(path);
}

/** The kernel reads 256 bytes of the first line (BINPRM_BUF_SIZE, linux/binfmts.h). */
const BINPRM_BUF_SIZE = 256;

function interpreterProblem(path: Uint8Array): string | undefined {
  const fd = openFile(path, O_RDONLY | O_NONBLOCK);
  if (fd < 0) return undefined; // executable but not readable: the kernel knows
  const head = Buffer.alloc(BINPRM_BUF_SIZE);
  const size = readInto(fd, head);
  closeFile(fd);
  if (size < 2 || head[0] !== 0x23 || head[1] !== 0x21) return undefined;
  const line = head.subarray(2, size).toString("latin1").split("\n", 1)[0] ?? "";
  const interpreter = line.trim().split(/[ \t]/, 1)[0] ?? "";
  if (interpreter === "") return "its #! line names no interpreter";
  if (typeof statusAt(Buffer.from(interpreter, "latin1")) === "number") {
    return `its interpreter ${JSON.stringify(interpreter)} doesn't exist`;
  }
  return undefined;
}
