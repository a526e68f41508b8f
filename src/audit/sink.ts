/** Opens what `--audit` names. */

import { UsageError } from "../base/errors.ts";
import { EBADF, ELOOP, ENOSYS } from "../kernel/errno.ts";
import { errnoPhrase } from "../kernel/errno-names.ts";
import {
  AT_FDCWD,
  O_ACCMODE,
  O_APPEND,
  O_CREAT,
  O_NOCTTY,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  S_IFIFO,
  S_IFSOCK,
} from "../kernel/file.ts";
import { closeFile, OPENAT2_IN_A_SANDBOX, openFile, openPlain, statusOf } from "../native/file.ts";
import { syscall } from "../native/syscall.ts";

/** Where events are written to. */
export interface Sink {
  readonly fd: number;
  /** A socket is written with sendto(2): the only way not to block on one that others have too. */
  readonly socket: boolean;
}

const F_GETFL = 3;
/** How paths name an fd that this process has: what a shell makes of `>(…)`, say. */
const FD_PATH = /^(?:fd:|\/dev\/fd\/|\/proc\/self\/fd\/)(\d{1,6})$/;
const FD_NAMES: Readonly<Record<string, number>> = { "-": 2, "/dev/stdout": 1, "/dev/stderr": 2 };

/**
 * Opens a sink: a file (created 0600, appended to), `fd:N`, or `-` for stderr. No symbolic link on the way to a file is
 * followed: a workload may write to the folder, and have put it there to have its user's own files written to.
 * @throws UsageError when it can't be opened for writing.
 */
export function openSink(sink: string): Sink {
  const inherited = FD_NAMES[sink] ?? FD_PATH.exec(sink)?.[1];
  if (inherited !== undefined) return openInherited(sink, Number(inherited));
  if (sink === "" || sink.startsWith("fd:")) {
    throw new UsageError(`--audit ${JSON.stringify(sink)}: not a sink`, "give a file, fd:N, or - for stderr");
  }
  const fd = openPlain(AT_FDCWD, sink, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK, 0o600);
  if (fd >= 0) return { fd, socket: false };
  const link = fd === -ELOOP ? firstLink(sink) : undefined;
  if (link === undefined) {
    const hint = fd === -ENOSYS ? OPENAT2_IN_A_SANDBOX : undefined;
    throw new UsageError(`--audit ${JSON.stringify(sink)}: cannot open it: ${errnoPhrase(-fd)}`, hint);
  }
  throw new UsageError(
    `--audit ${JSON.stringify(sink)}: ${JSON.stringify(link)} is a symbolic link, which a workload may have put there`,
    "where it is your own, give the path that it leads to",
  );
}

/** An inherited pipe is opened anew, so that not blocking on it changes nothing for the others that have it. */
function openInherited(sink: string, fd: number): Sink {
  const flags = syscall("fcntl", fd, F_GETFL, 0);
  const status = flags < 0 ? -EBADF : statusOf(fd);
  if (typeof status === "number") throw new UsageError(`--audit ${sink}: fd ${fd} is not open`);
  if ((flags & O_ACCMODE) === O_RDONLY) throw new UsageError(`--audit ${sink}: fd ${fd} is not open for writing`);
  const again = status.type === S_IFIFO ? openFile(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY) : -EBADF;
  return { fd: again >= 0 ? again : fd, socket: status.type === S_IFSOCK };
}

/** The first part of a path that is a symbolic link. */
function firstLink(path: string): string | undefined {
  for (const { index } of path.matchAll(/[^/](?=\/|$)/g)) {
    const part = path.slice(0, index + 1);
    const fd = openPlain(AT_FDCWD, part, O_PATH);
    if (fd === -ELOOP) return part;
    if (fd >= 0) closeFile(fd);
  }
  return undefined;
}
