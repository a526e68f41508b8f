/** Why what `--audit` names can't be written to. */

import { UsageError } from "../base/errors.ts";
import { EACCES, EBADF, EINVAL, ELOOP, ENOSYS } from "../kernel/errno.ts";
import { errnoPhrase } from "../kernel/errno-names.ts";
import { AT_FDCWD, O_PATH } from "../kernel/file.ts";
import type { SinkFailure } from "../native/audit.ts";
import { closeFile, OPENAT2_IN_A_SANDBOX, openPlain } from "../native/file.ts";

/** The error behind a sink that couldn't be opened. */
export function sinkError(sink: string, { errno, fd }: SinkFailure): UsageError {
  if (fd >= 0 && errno === EBADF) return new UsageError(`--audit ${sink}: fd ${fd} is not open`);
  if (fd >= 0 && errno === EACCES) return new UsageError(`--audit ${sink}: fd ${fd} is not open for writing`);
  const name = `--audit ${JSON.stringify(sink)}`;
  if (errno === EINVAL) return new UsageError(`${name}: not a sink`, "give a file, fd:N, or - for stderr");
  const link = errno === ELOOP ? firstLink(sink) : undefined;
  if (link === undefined) {
    const hint = errno === ENOSYS ? OPENAT2_IN_A_SANDBOX : undefined;
    return new UsageError(`${name}: cannot open it: ${errnoPhrase(errno)}`, hint);
  }
  return new UsageError(
    `${name}: ${JSON.stringify(link)} is a symbolic link, which a workload may have put there`,
    "where it is your own, give the path that it leads to",
  );
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
