/**
 * Where a path of a mount call leads, as the workload sees it. It only says which declared target is meant: what is
 * mounted goes to the declared path itself, which the keeper resolves again without symbolic links.
 */

import { O_PATH, RESOLVE_IN_ROOT } from "../../kernel/file.ts";
import { pathOfBase } from "../caller.ts";
import { close, O_NOFOLLOW, openAt, openOwn, pathOfFd } from "../files.ts";
import type { At } from "../request.ts";

/** The path from the caller's root; undefined where there is nothing, or it can't be told. */
export function whereLeads(tid: number, at: At, follow: boolean): string | undefined {
  const base = at.path.startsWith("/") ? "" : pathOfBase(tid, at.dirFd);
  if (base === undefined) return undefined;
  const root = openOwn(`/proc/${tid}/root`, O_PATH);
  if (root < 0) return undefined;
  const fd = openAt(root, `${base}/${at.path}`, O_PATH | (follow ? 0 : O_NOFOLLOW), 0, RESOLVE_IN_ROOT);
  close(root);
  if (fd < 0) return undefined;
  const path = pathOfFd(fd);
  close(fd);
  return path;
}

/** What a fd itself stands for; with AT_FDCWD the working directory. */
export function whereIs(tid: number, fd: number): string | undefined {
  return pathOfBase(tid, fd);
}
