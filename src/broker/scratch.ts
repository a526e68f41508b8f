/** mkdir, mknod, unlink, rmdir, symlink, rename, link and truncate beneath scratch: done here, relative to pinned folders. */

import { EINVAL, EISDIR } from "../kernel/errno.ts";
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_FOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_WRONLY,
  RENAME_EXCHANGE,
  RENAME_WHITEOUT,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
} from "../kernel/file.ts";
import { numberOf, syscallByNumber } from "../native/syscall.ts";
import { openBase, umaskOf } from "./caller.ts";
import { decideEntry, decideMove, type Verdict } from "./decide.ts";
import {
  close,
  linkAt,
  linkPin,
  mkdirAt,
  mknodAt,
  O_DIRECTORY,
  openAt,
  pathOfFd,
  renameAt,
  reopen,
  setUmask,
  statFd,
  symlinkAt,
  unlinkAt,
} from "./files.ts";
import { anchorOf, closeAnchor, type Parent, type ParentResult, parentOf, RESOLVE_INSIDE, route } from "./locate.ts";
import type { Publication } from "./publish.ts";
import { PASS, type Reply, result, type Ticket } from "./reply.ts";
import type { At, EntryRequest, MoveRequest } from "./request.ts";
import type { Roots } from "./roots.ts";

const ftruncate = numberOf("ftruncate");

export interface Done {
  readonly verdict: Verdict;
  readonly reply: Reply;
}

const PASSED: Done = { verdict: { decision: "pass" }, reply: PASS };
const GONE: Done = { verdict: { decision: "pass" }, reply: { kind: "later" } };

/** Begins to publish, which answers the request later. Owns the fds. */
export type Publish = (publication: Publication) => void;

interface Doing {
  readonly ticket: Ticket;
  readonly roots: Roots;
  readonly publish: Publish;
}

/** A missing folder in scratch fails as it does for everybody. */
function missing(parent: ParentResult): Done {
  if (parent === undefined || !("errno" in parent)) return PASSED;
  return { verdict: { decision: "allow", scope: "scratch" }, reply: result(-parent.errno) };
}

function isParent(parent: ParentResult): parent is Parent {
  return parent !== undefined && "fd" in parent;
}

/** An operation on one name. `act` gets it in its pinned folder. */
function onEntry(doing: Doing, at: At, umask: boolean, act: (parent: Parent) => number): Done {
  const { ticket, roots } = doing;
  const parent = parentOf(roots, ticket.tid, at);
  if (!isParent(parent)) return missing(parent);
  try {
    const verdict = decideEntry(parent.zone);
    if (verdict.decision !== "allow") return PASSED;
    const mask = umask ? umaskOf(ticket.tid) : 0;
    if (!ticket.listener.isValid(ticket.id)) return GONE;
    if (umask) setUmask(mask);
    return { verdict, reply: result(act(parent)) };
  } finally {
    close(parent.fd);
  }
}

function move(doing: Doing, from: Parent, to: Parent, request: MoveRequest): Done {
  const { kind, flags } = request;
  if (kind === "rename" && (flags & RENAME_WHITEOUT) !== 0) return PASSED;
  const verdict = decideMove(from.zone, to.zone, kind === "rename" && (flags & RENAME_EXCHANGE) !== 0);
  if (verdict.decision === "pass") return PASSED;
  if (verdict.decision === "deny") return { verdict, reply: result(-verdict.errno) };
  if (!doing.ticket.listener.isValid(doing.ticket.id)) return GONE;
  if (verdict.decision === "publish") return publish(doing, from, to, request);
  if (kind === "rename") return { verdict, reply: result(renameAt(from.fd, from.name, to.fd, to.name, flags)) };
  return { verdict, reply: result(linkAt(from.fd, from.name, to.fd, to.name, 0)) };
}

/** Pinned once more: the work may outlive the request's own pins. */
function pinAgain(parent: Parent): Parent {
  return { ...parent, fd: openAt(parent.fd, ".", O_PATH | O_DIRECTORY, 0, RESOLVE_INSIDE) };
}

function publish(doing: Doing, from: Parent, to: Parent, { kind, flags }: MoveRequest): Done {
  if (to.root === undefined) return PASSED;
  const link = kind === "link";
  doing.publish({ from: pinAgain(from), to: pinAgain(to), folder: to.root, flags: link ? 0 : flags, link });
  return { verdict: { decision: "publish" }, reply: { kind: "later" } };
}

function onTwo(doing: Doing, request: MoveRequest): Done {
  const { tid } = doing.ticket;
  const from = parentOf(doing.roots, tid, request.from);
  if (!isParent(from)) return missing(from);
  try {
    const to = parentOf(doing.roots, tid, request.to);
    if (!isParent(to)) return from.zone === "scratch" ? missing(to) : PASSED;
    try {
      return move(doing, from, to, request);
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
function linkPinned(doing: Doing, pin: number, request: MoveRequest): Done {
  return onEntry(doing, request.to, false, (parent) => linkPin(pin, parent.fd, parent.name));
}

/** Only what is, or was before it lost its name, beneath scratch on its own mount. */
function isScratchFile(roots: Roots, pin: number): boolean {
  const path = pathOfFd(pin);
  const routed = path === undefined ? undefined : route(roots, path);
  return routed?.folder.zone === "scratch" && statFd(pin)?.mount === routed.folder.stat.mount;
}

function linkOpenFile(doing: Doing, fd: number, request: MoveRequest): Done {
  const pin = openBase(doing.ticket.tid, fd);
  if (pin < 0) return PASSED;
  try {
    return isScratchFile(doing.roots, pin) ? linkPinned(doing, pin, request) : PASSED;
  } finally {
    close(pin);
  }
}

/** link with AT_SYMLINK_FOLLOW: what the link leads to must be beneath scratch itself. */
function linkFollowed(doing: Doing, request: MoveRequest): Done {
  const anchor = anchorOf(doing.roots, doing.ticket.tid, request.from);
  if (anchor === undefined) return PASSED;
  const pin = openAt(anchor.fd, anchor.rest, O_PATH, 0, RESOLVE_INSIDE);
  closeAnchor(anchor);
  if (pin < 0 || anchor.folder.zone !== "scratch") {
    close(pin);
    return PASSED;
  }
  try {
    return linkPinned(doing, pin, request);
  } finally {
    close(pin);
  }
}

function onLink(doing: Doing, request: MoveRequest): Done {
  if ((request.flags & ~(AT_EMPTY_PATH | AT_SYMLINK_FOLLOW)) !== 0) return PASSED;
  const fd = linkedFd(request);
  if (fd !== undefined) return linkOpenFile(doing, fd, request);
  if ((request.flags & AT_SYMLINK_FOLLOW) !== 0) return linkFollowed(doing, request);
  return onTwo(doing, request);
}

function truncateAt(doing: Doing, at: At, size: bigint): Done {
  const { ticket, roots } = doing;
  if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) return PASSED;
  const anchor = anchorOf(roots, ticket.tid, at);
  if (anchor === undefined || anchor.folder.zone !== "scratch") return PASSED;
  const pin = openAt(anchor.fd, anchor.rest, O_PATH, 0, RESOLVE_INSIDE);
  closeAnchor(anchor);
  if (pin < 0) return PASSED;
  const stat = statFd(pin);
  const type = (stat?.mode ?? 0) & S_IFMT;
  const refused = type === S_IFDIR ? EISDIR : EINVAL;
  const fd = type === S_IFREG ? reopen(pin, O_WRONLY | O_NONBLOCK, 0) : -refused;
  close(pin);
  if (!ticket.listener.isValid(ticket.id)) {
    close(fd);
    return GONE;
  }
  const value = fd < 0 ? fd : syscallByNumber(ftruncate, fd, Number(size));
  close(fd);
  return { verdict: { decision: "allow", scope: "scratch" }, reply: result(value) };
}

/** Carries out any request but an open. */
export function onScratch(doing: Doing, request: EntryRequest): Done {
  switch (request.kind) {
    case "mkdir":
      return onEntry(doing, request.at, true, ({ fd, name }) => mkdirAt(fd, name, request.mode));
    case "mknod":
      return onEntry(doing, request.at, true, ({ fd, name }) => mknodAt(fd, name, request.mode));
    case "remove":
      return onEntry(doing, request.at, false, ({ fd, name }) => unlinkAt(fd, name, request.flags));
    case "symlink":
      if (request.target === "") return PASSED;
      return onEntry(doing, request.at, false, ({ fd, name }) => symlinkAt(request.target, fd, name));
    case "rename":
      return onTwo(doing, request);
    case "link":
      return onLink(doing, request);
    case "truncate":
      return truncateAt(doing, request.at, request.size);
  }
}
