/** mkdir, mknod, unlink, rmdir, symlink, rename, link and truncate beneath scratch: done here, relative to pinned folders. */

import { EINVAL, EISDIR, ELOOP, ENOENT, EXDEV } from "../kernel/errno.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_FOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_WRONLY,
  RENAME_EXCHANGE,
  RENAME_WHITEOUT,
  RESOLVE_NO_MAGICLINKS,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
} from "../kernel/file.ts";
import { startCall } from "../native/helper.ts";
import { numberOf, syscallByNumber } from "../native/syscall.ts";
import { openBase, umaskOf } from "./caller.ts";
import { decideEntry, decideMove, type Verdict } from "./decide.ts";
import {
  type Change,
  changeAt,
  close,
  O_DIRECTORY,
  O_NOFOLLOW,
  openAt,
  pathOfFd,
  reopen,
  setUmask,
  statFd,
} from "./files.ts";
import {
  anchorOf,
  closingEarly,
  finish,
  lookInside,
  type Parent,
  type ParentResult,
  parentOf,
  RESOLVE_INSIDE,
  route,
  startInside,
  withBase,
  zoneOf,
} from "./locate.ts";
import { lookUp, type Pin } from "./lookup.ts";
import type { Publication } from "./publish/publish.ts";
import { PASS, type Reply, result, type Ticket } from "./reply.ts";
import type { At, EntryRequest, MoveRequest, NameRequest } from "./request.ts";
import type { Roots } from "./roots.ts";
import type { Steps } from "./steps.ts";

const ftruncate = numberOf("ftruncate");

/** What came of a request, and by which right. */
export interface Done {
  readonly verdict: Verdict;
  readonly reply: Reply;
  /** To be published, which answers the request later. Its fds are owned. */
  readonly publication?: Publication;
}

const PASSED: Done = { verdict: { decision: "pass" }, reply: PASS };
const GONE: Done = { verdict: { decision: "pass" }, reply: { kind: "later" } };

interface Doing {
  readonly ticket: Ticket;
  readonly roots: Roots;
}

/** A missing folder in scratch fails as it does for everybody. */
function missing(parent: ParentResult): Done {
  if (parent === undefined || !("errno" in parent)) return PASSED;
  return { verdict: { decision: "allow", scope: "scratch" }, reply: result(-parent.errno) };
}

function isParent(parent: ParentResult): parent is Parent {
  return parent !== undefined && "fd" in parent;
}

/** Makes a call in a folder; by a helper where it may have to wait. */
function* perform({ roots }: Doing, { stat }: Parent, change: Change): Steps {
  if (!roots.slow.isSlow(stat.mount)) return changeAt(change);
  return yield () => startCall(change.call, change.args, change.fds);
}

/** An operation on one name. `act` gets it in its pinned folder. */
function* onEntry(doing: Doing, at: At, umask: boolean, act: (parent: Parent) => Change): Steps<Done> {
  const { ticket, roots } = doing;
  const parent = yield* parentOf(roots, ticket.tid, at);
  if (!isParent(parent)) return missing(parent);
  try {
    const verdict = decideEntry(parent.zone);
    if (verdict.decision !== "allow") return PASSED;
    const mask = umask ? umaskOf(ticket.tid) : 0;
    if (!ticket.listener.isValid(ticket.id)) return GONE;
    if (umask) setUmask(mask);
    return { verdict, reply: result(yield* perform(doing, parent, act(parent))) };
  } finally {
    close(parent.fd);
  }
}

function* move(doing: Doing, from: Parent, to: Parent, request: MoveRequest): Steps<Done> {
  const { kind, flags } = request;
  if (kind === "rename" && (flags & RENAME_WHITEOUT) !== 0) return PASSED;
  const verdict = decideMove(from.zone, to.zone, kind === "rename" && (flags & RENAME_EXCHANGE) !== 0);
  if (verdict.decision === "pass") return PASSED;
  if (verdict.decision === "deny") {
    // In a folder that was removed there is nothing, and nothing is made: wherever it was.
    const errno = from.stat.nlink === 0 || to.stat.nlink === 0 ? ENOENT : verdict.errno;
    return { verdict, reply: result(-errno) };
  }
  if (!doing.ticket.listener.isValid(doing.ticket.id)) return GONE;
  if (verdict.decision === "publish") return publish(doing, from, to, request);
  const change: Change = {
    call: kind === "rename" ? "renameat2" : "linkat",
    args: [from.fd, from.name, to.fd, to.name, kind === "rename" ? flags : 0],
    fds: [from.fd, to.fd],
  };
  return { verdict, reply: result(yield* perform(doing, from, change)) };
}

/** Pinned once more: the work may outlive the request's own pins. */
function pinAgain(parent: Parent): Parent {
  return { ...parent, fd: openAt(parent.fd, ".", O_PATH | O_DIRECTORY, 0, RESOLVE_INSIDE) };
}

function publish({ roots }: Doing, from: Parent, to: Parent, { kind, flags }: MoveRequest): Done {
  if (to.root === undefined) return PASSED;
  const link = kind === "link";
  const shared = roots.slow.isSlow(from.stat.mount);
  const pins = { from: pinAgain(from), to: pinAgain(to) };
  const publication = { ...pins, folder: to.root, flags: link ? 0 : flags, link, shared };
  return { verdict: { decision: "publish" }, reply: { kind: "later" }, publication };
}

/** The same for a new name. The kernel looks for both folders first, but for what is linked before it looks for that. */
function* missingTo({ roots }: Doing, from: Parent, to: ParentResult, kind: MoveRequest["kind"]): Steps<Done> {
  if (kind === "rename") return missing(to);
  const pin = yield* lookUp(roots.slow, startInside(from.fd, from.stat.mount), from.name, O_NOFOLLOW, 0);
  if (typeof pin === "number") return pin === -EXDEV || pin === -ELOOP ? PASSED : missing({ errno: -pin });
  close(pin.fd);
  return missing(to);
}

function* onTwo(doing: Doing, request: MoveRequest): Steps<Done> {
  const { tid } = doing.ticket;
  const from = yield* parentOf(doing.roots, tid, request.from);
  if (!isParent(from)) return missing(from);
  try {
    const to = yield* parentOf(doing.roots, tid, request.to);
    if (!isParent(to)) return from.zone === "scratch" ? yield* missingTo(doing, from, to, request.kind) : PASSED;
    try {
      // While a helper looked for `to`, somebody may have published the folder of `from`.
      if (doing.roots.slow.any && (yield* zoneOf(doing.roots, from)) !== from.zone) return PASSED;
      return yield* move(doing, from, to, request);
    } finally {
      close(to.fd);
    }
  } finally {
    close(from.fd);
  }
}

const OWN_FD = /^(?:\/proc\/(?:self|thread-self)\/fd|\/dev\/fd)\/(\d+)$/;

/** linkat of an open file: what O_TMPFILE made gets its name by this. The fd in question, or undefined. */
function linkedFd(request: MoveRequest): number | undefined {
  if ((request.flags & AT_EMPTY_PATH) !== 0 && request.from.path === "") return request.from.dirFd;
  const own = (request.flags & AT_SYMLINK_FOLLOW) === 0 ? null : OWN_FD.exec(request.from.path);
  return own === null ? undefined : Number(own[1]);
}

/** A name for an object that is pinned: a file without a name, or one that a symbolic link leads to. */
function linkPinned(doing: Doing, pin: number, request: MoveRequest): Steps<Done> {
  return onEntry(doing, request.to, false, ({ fd, name }) => ({
    call: "linkat",
    args: [AT_FDCWD, `/proc/self/fd/${pin}`, fd, name, AT_SYMLINK_FOLLOW],
    fds: [pin, fd],
  }));
}

/** Only what is, or was before it lost its name, beneath scratch on its own mount. */
function isScratchFile(roots: Roots, pin: number): boolean {
  const path = pathOfFd(pin);
  const routed = path === undefined ? undefined : route(roots, path);
  return routed?.folder.zone === "scratch" && statFd(pin)?.mount === routed.folder.stat.mount;
}

function* linkOpenFile(doing: Doing, fd: number, request: MoveRequest): Steps<Done> {
  const pin = openBase(doing.ticket.tid, fd);
  if (pin < 0) return PASSED;
  try {
    return isScratchFile(doing.roots, pin) ? yield* linkPinned(doing, pin, request) : PASSED;
  } finally {
    close(pin);
  }
}

/** What a path of the caller's leads to beneath scratch, by whatever spelling; undefined if nothing does. */
function* pinScratch({ roots, ticket }: Doing, at: At): Steps<Pin | undefined> {
  const anchor = yield* anchorOf(roots, ticket.tid, at);
  if (anchor !== undefined) {
    const pin = yield* finish(anchor, lookInside(roots, anchor, 0));
    if (typeof pin !== "number") return anchor.folder.zone === "scratch" ? pin : dropped(pin);
    if (pin !== -EXDEV && pin !== -ELOOP) return undefined;
  }
  const pin = yield* withBase(roots, ticket.tid, at, (base) =>
    lookUp(roots.slow, base, at.path, 0, RESOLVE_NO_MAGICLINKS),
  );
  if (pin === undefined || typeof pin === "number") return undefined;
  const zone = yield* closingEarly(pin.fd, zoneOf(roots, pin));
  return zone === "scratch" ? pin : dropped(pin);
}

function dropped(pin: Pin): undefined {
  close(pin.fd);
}

/** link with AT_SYMLINK_FOLLOW: what the link leads to must be beneath scratch itself. */
function* linkFollowed(doing: Doing, request: MoveRequest): Steps<Done> {
  const pin = yield* pinScratch(doing, request.from);
  if (pin === undefined) return PASSED;
  try {
    return yield* linkPinned(doing, pin.fd, request);
  } finally {
    close(pin.fd);
  }
}

function* onLink(doing: Doing, request: MoveRequest): Steps<Done> {
  const fd = linkedFd(request);
  if (fd !== undefined) return yield* linkOpenFile(doing, fd, request);
  if ((request.flags & AT_SYMLINK_FOLLOW) !== 0) return yield* linkFollowed(doing, request);
  return yield* onTwo(doing, request);
}

function* truncateAt(doing: Doing, at: At, size: bigint): Steps<Done> {
  const { ticket } = doing;
  if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) return PASSED;
  const pin = yield* pinScratch(doing, at);
  if (pin === undefined) return PASSED;
  try {
    if (!ticket.listener.isValid(ticket.id)) return GONE;
    const value = yield* truncatePin(doing, pin, Number(size));
    return { verdict: { decision: "allow", scope: "scratch" }, reply: result(value) };
  } finally {
    close(pin.fd);
  }
}

function* truncatePin({ roots }: Doing, { fd: pin, stat }: Pin, size: number): Steps {
  const type = stat.mode & S_IFMT;
  if (type !== S_IFREG) return type === S_IFDIR ? -EISDIR : -EINVAL;
  if (roots.slow.isSlow(stat.mount)) return yield () => startCall("truncate", [`/proc/self/fd/${pin}`, size], [pin]);
  const fd = reopen(pin, O_WRONLY | O_NONBLOCK, 0);
  if (fd < 0) return fd;
  const value = syscallByNumber(ftruncate, fd, size);
  close(fd);
  return value;
}

/** The change that an operation on one name makes, in its pinned folder. */
function changeOf(request: NameRequest, { fd, name }: Parent): Change {
  const fds = [fd];
  switch (request.kind) {
    case "mkdir":
      return { call: "mkdirat", args: [fd, name, request.mode], fds };
    case "mknod":
      return { call: "mknodat", args: [fd, name, request.mode, 0], fds };
    case "remove":
      return { call: "unlinkat", args: [fd, name, request.flags], fds };
    case "symlink":
      return { call: "symlinkat", args: [request.target, fd, name], fds };
  }
}

/** Carries out any request but an open. */
export function* onScratch(doing: Doing, request: EntryRequest): Steps<Done> {
  switch (request.kind) {
    case "mkdir":
    case "mknod":
      return yield* onEntry(doing, request.at, true, (parent) => changeOf(request, parent));
    case "symlink":
      if (request.target === "") return PASSED;
      return yield* onEntry(doing, request.at, false, (parent) => changeOf(request, parent));
    case "remove":
      return yield* onEntry(doing, request.at, false, (parent) => changeOf(request, parent));
    case "rename":
      return yield* onTwo(doing, request);
    case "link":
      return yield* onLink(doing, request);
    case "truncate":
      return yield* truncateAt(doing, request.at, request.size);
  }
}
