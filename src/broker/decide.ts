/** The broker's decisions: what is asked × what it really is about → allow, deny or pass on. Pure. */

import { EXDEV } from "../kernel/errno.ts";
import { O_ACCMODE, O_CREAT, O_RDONLY, O_TRUNC, S_IFBLK, S_IFCHR, S_IFMT } from "../kernel/file.ts";

/** Which of the policy's folders something is beneath; a folder itself counts as beneath it. */
export type Zone = "scratch" | "export" | "elsewhere";

/** What an existing file is. */
export interface Target {
  readonly zone: Zone;
  /** It is a file of `allow_read`, of `allow_write`. */
  readonly listedRead: boolean;
  readonly listedWrite: boolean;
  /** As in stat(2), with S_IFMT. */
  readonly mode: number;
}

/** "pass" is the kernel's decision: the call runs as if there were no broker, and Landlock holds it. */
export type Verdict =
  | { readonly decision: "allow"; readonly scope: "exception" | "scratch" }
  | { readonly decision: "publish" }
  | { readonly decision: "deny"; readonly errno: number }
  | { readonly decision: "pass" };

const PASS: Verdict = { decision: "pass" };
const SCRATCH: Verdict = { decision: "allow", scope: "scratch" };
const EXCEPTION: Verdict = { decision: "allow", scope: "exception" };

/** Whether an open can change the file. */
export function opensForWriting(flags: number): boolean {
  return (flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0;
}

/** Nodes of devices are no work of a run's: whoever put them there, Landlock decides. */
function isServed(mode: number): boolean {
  const type = mode & S_IFMT;
  return type !== S_IFCHR && type !== S_IFBLK;
}

/** An open of something that is there. */
export function decideOpen(flags: number, target: Target): Verdict {
  if (target.zone === "scratch" && isServed(target.mode)) return SCRATCH;
  const listed = opensForWriting(flags) ? target.listedWrite : target.listedRead;
  return listed ? EXCEPTION : PASS;
}

/** An open with O_CREAT of something that isn't there: in a folder, or the very file of `allow_write`. */
export function decideCreate(flags: number, folder: Zone, listedWrite: boolean): Verdict {
  if ((flags & O_CREAT) === 0) return PASS;
  if (folder === "scratch") return SCRATCH;
  return listedWrite ? EXCEPTION : PASS;
}

/** Making or removing a name in a folder. */
export function decideEntry(folder: Zone): Verdict {
  return folder === "scratch" ? SCRATCH : PASS;
}

/**
 * A rename or link between two folders. One that crosses the edge of scratch is a move between filesystems, as far as
 * the caller can tell: EXDEV makes programs copy, and the kernel decides about each of the copy's steps. A link must
 * never bring in what isn't beneath scratch already: in there it could be written.
 */
export function decideMove(from: Zone, to: Zone, exchange: boolean): Verdict {
  if (from === "scratch" && to === "scratch") return SCRATCH;
  if (from === "scratch" && to === "export" && !exchange) return { decision: "publish" };
  if (from === "scratch" || to === "scratch") return { decision: "deny", errno: EXDEV };
  return PASS;
}
