/** open, openat, openat2, creat: the file is opened here, as the caller would have opened it, and handed over. */

import { EAGAIN, EEXIST, EISDIR, ELOOP, ENOENT, EXDEV } from "../kernel/errno.ts";
import {
  O_ACCMODE,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  RESOLVE_CACHED,
  RESOLVE_NO_MAGICLINKS,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from "../kernel/file.ts";
import { numberOf, syscallByNumber } from "../native/syscall.ts";
import { umaskOf } from "./caller.ts";
import { decideCreate, decideOpen, type Verdict, type Zone } from "./decide.ts";
import { close, type FileStat, O_DIRECTORY, O_NOFOLLOW, O_TMPFILE, reopen, sameFile, setUmask } from "./files.ts";
import {
  type Anchor,
  anchorOf,
  closingEarly,
  finish,
  type Inside,
  lookInside,
  openInside,
  withBase,
  zoneOf,
} from "./locate.ts";
import { lookUp, type Pin } from "./lookup.ts";
import { PASS, type Reply, result, type Ticket } from "./reply.ts";
import type { OpenRequest } from "./request.ts";
import { type Base, findPlace, isDirectory, listedAs, type Place, pinCreated, type Roots, splitPath } from "./roots.ts";
import type { Steps } from "./steps.ts";
import type { Blocking } from "./waiting.ts";

const F_SETFL = 4;
const fcntl = numberOf("fcntl");

/** What is opened, by whom, and what for. */
export interface Opening {
  readonly ticket: Ticket;
  readonly roots: Roots;
  readonly request: OpenRequest;
  /** Which of the listed files the sieve found at the path; -1 for none, or not looked for. */
  readonly listed: number;
}

/** What came of an open, and by which right; `verdict` is "pass" where the broker has no part in it. */
export interface Opened {
  readonly verdict: Verdict;
  readonly reply: Reply;
  readonly created?: boolean;
  /** The pinned object is to be opened by a helper: the open may block. */
  readonly blocking?: Blocking;
}

const PASSED: Opened = { verdict: { decision: "pass" }, reply: PASS };

function isTemporary(flags: number): boolean {
  return (flags & O_TMPFILE) === O_TMPFILE;
}

function makesNew(flags: number): boolean {
  return (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL);
}

/** Whether the last name's symbolic link is left alone. */
function keepsLink(flags: number): boolean {
  return (flags & O_NOFOLLOW) !== 0 || makesNew(flags);
}

function closeOnExec(flags: number): number {
  return flags & O_CLOEXEC;
}

/** Opens what is pinned. Consumes the pin, but for a blocking open. */
function openPin(opening: Opening, { fd: pin, stat }: Pin, verdict: Verdict): Opened {
  const { flags, mode } = opening.request;
  const refused = refusal(flags, stat);
  if (refused !== 0) {
    close(pin);
    return { verdict, reply: result(-refused) };
  }
  const temporary = isTemporary(flags);
  // Here O_EXCL says that the file is never to get a name.
  const own = (flags & ~(O_CREAT | (temporary ? 0 : O_EXCL) | O_NOFOLLOW)) | O_NOCTTY;
  if (temporary) setUmask(umaskOf(opening.ticket.tid));
  const later: Opened = { verdict, reply: { kind: "later" }, blocking: { pin, flags: own, mode } };
  if (opening.roots.slow.isSlow(stat.mount)) return later;
  const type = stat.mode & S_IFMT;
  if (isDirectory(stat)) return finishOpen(opening, pin, reopen(pin, own, mode), verdict);
  // A FIFO waits for its other end, a device for its carrier. A socket is ENXIO at once.
  if (type !== S_IFREG && type !== S_IFSOCK && (flags & O_NONBLOCK) === 0) return later;
  // A plain file waits for whoever holds a lease on it (fcntl(2), F_SETLEASE): EAGAIN tells.
  const fd = reopen(pin, own | O_NONBLOCK, 0);
  if (fd === -EAGAIN && (flags & O_NONBLOCK) === 0) return later;
  if (fd >= 0 && (flags & O_NONBLOCK) === 0) syscallByNumber(fcntl, fd, F_SETFL, own);
  return finishOpen(opening, pin, fd, verdict);
}

/** What the kernel says before it looks at permissions; 0 for nothing. */
function refusal(flags: number, stat: FileStat): number {
  if (makesNew(flags) && !isTemporary(flags)) return EEXIST;
  if ((stat.mode & S_IFMT) === S_IFLNK) return ELOOP;
  return isDirectory(stat) && (flags & O_CREAT) !== 0 ? EISDIR : 0;
}

function finishOpen(opening: Opening, pin: number, fd: number, verdict: Verdict): Opened {
  close(pin);
  return { verdict, reply: fd < 0 ? result(fd) : given(fd, opening.request.flags) };
}

function given(fd: number, flags: number): Reply {
  return { kind: "fd", fd, closeOnExec: closeOnExec(flags) };
}

/** How an open's object is pinned. */
function pinFlags(flags: number): number {
  return (keepsLink(flags) ? O_NOFOLLOW : 0) | (flags & O_DIRECTORY);
}

/** Beneath a folder of the policy, as far as the path's spelling tells; undefined where it leads out of it. */
function* openSpelled(opening: Opening, anchor: Anchor): Steps<Opened | undefined> {
  const { ticket, roots, request } = opening;
  const { flags } = request;
  const pin = yield* lookInside(roots, anchor, pinFlags(flags));
  if (typeof pin !== "number") {
    const { stat } = pin;
    const verdict = decideOpen(flags, { zone: anchor.folder.zone, ...listing(roots, stat), mode: stat.mode });
    if (verdict.decision === "allow")
      return ticket.listener.isValid(ticket.id) ? openPin(opening, pin, verdict) : gone(pin.fd);
    close(pin.fd);
    return undefined;
  }
  if (pin === -EXDEV || pin === -ELOOP || anchor.folder.zone !== "scratch") return undefined;
  if (pin !== -ENOENT || (flags & O_CREAT) === 0 || isTemporary(flags)) {
    return { verdict: { decision: "allow", scope: "scratch" }, reply: result(pin) };
  }
  const at = { fd: anchor.fd, mount: anchor.folder.stat.mount, path: anchor.rest };
  return yield* createIn(opening, at, decideCreate(flags, "scratch", false));
}

/** Nobody waits for the answer any more. */
function gone(pin: number): Opened {
  close(pin);
  return { verdict: { decision: "pass" }, reply: { kind: "later" } };
}

function listing(roots: Roots, stat: FileStat): { readonly listedRead: boolean; readonly listedWrite: boolean } {
  const { read, write } = listedAs(roots, stat);
  return { listedRead: read, listedWrite: write };
}

/** Creates beneath a pinned folder. O_NONBLOCK: somebody may have put a FIFO there since it was looked for. */
function* createIn(opening: Opening, at: Inside, verdict: Verdict): Steps<Opened | undefined> {
  const { ticket, roots, request } = opening;
  const umask = umaskOf(ticket.tid);
  if (!ticket.listener.isValid(ticket.id)) return gone(-1);
  setUmask(umask);
  const fd = yield* openInside(roots, at, request.flags | O_NONBLOCK | O_NOCTTY, request.mode);
  if (fd === -EXDEV || (fd === -ELOOP && (request.flags & O_NOFOLLOW) === 0)) return undefined;
  if (fd >= 0 && (request.flags & O_NONBLOCK) === 0) syscallByNumber(fcntl, fd, F_SETFL, request.flags);
  return { verdict, reply: fd < 0 ? result(fd) : given(fd, request.flags), created: true };
}

/** By any other spelling: the object decides. */
function* openAnywhere(opening: Opening): Steps<Opened> {
  const { ticket, roots, request } = opening;
  const { flags } = request;
  const resolve = (request.resolve & ~RESOLVE_CACHED) | RESOLVE_NO_MAGICLINKS;
  const pin = yield* withBase(roots, ticket.tid, request.at, (base) =>
    lookUp(roots.slow, base, request.at.path, pinFlags(flags), resolve),
  );
  if (pin === undefined) return PASSED;
  if (pin === -ENOENT && (flags & O_CREAT) !== 0 && !isTemporary(flags)) {
    return yield* createAnywhere(opening);
  }
  if (typeof pin === "number") return PASSED;
  const zone = yield* closingEarly(pin.fd, zoneOf(roots, pin));
  const verdict = decideOpen(flags, { zone, ...listing(roots, pin.stat), mode: pin.stat.mode });
  if (verdict.decision !== "allow") {
    close(pin.fd);
    return PASSED;
  }
  return ticket.listener.isValid(ticket.id) ? openPin(opening, pin, verdict) : gone(pin.fd);
}

/** The folder of a file that isn't there, its own symbolic links followed. */
function* createAnywhere(opening: Opening): Steps<Opened> {
  const { ticket, roots, request } = opening;
  const place = yield* withBase(roots, ticket.tid, request.at, (base) =>
    request.resolve === 0
      ? findPlace(roots.slow, base, request.at.path, !keepsLink(request.flags))
      : resolvePlace(roots, base, request),
  );
  if (place === undefined || typeof place === "number") return PASSED;
  try {
    return yield* createAt(opening, place);
  } finally {
    close(place.folderFd);
  }
}

/** The same under the caller's own RESOLVE_* flags; a symbolic link at the end is left to the kernel. */
function* resolvePlace({ slow }: Roots, base: Base, { at, resolve }: OpenRequest): Steps<Place | number> {
  const { folder, name } = splitPath(at.path);
  const flags = (resolve & ~RESOLVE_CACHED) | RESOLVE_NO_MAGICLINKS;
  const pin = yield* lookUp(slow, base, folder === "" ? "." : folder, O_DIRECTORY, flags);
  return typeof pin === "number" ? pin : { folderFd: pin.fd, folderStat: pin.stat, name };
}

function* createAt(opening: Opening, place: Place): Steps<Opened> {
  const { roots, request } = opening;
  const { folderFd, folderStat, name } = place;
  if (name.endsWith("/")) return PASSED;
  const zone: Zone = yield* zoneOf(roots, { fd: folderFd, stat: folderStat });
  const file = roots.files.find((each) => each.write && each.name === name && sameFile(each.folderStat, folderStat));
  const verdict = decideCreate(request.flags, zone, file !== undefined);
  if (verdict.decision !== "allow") return PASSED;
  const at = { fd: folderFd, mount: folderStat.mount, path: name };
  if (zone === "scratch" || file === undefined) return (yield* createIn(opening, at, verdict)) ?? PASSED;
  // What somebody else put there meanwhile isn't the file of the list.
  const exclusive = { ...opening, request: { ...request, flags: request.flags | O_EXCL } };
  const opened = (yield* createIn(exclusive, at, verdict)) ?? PASSED;
  if (opened.reply.kind === "fd") pinCreated(file, opened.reply.fd);
  return opened.reply.kind === "result" && opened.reply.result === -EEXIST ? PASSED : opened;
}

/**
 * A plain file by the very name that the list has: the sieve saw it stand there, and it is pinned already. What stands
 * there by now is no matter: it is never opened by its name.
 */
function openByName(opening: Opening): Opened | undefined {
  const { ticket, roots, request, listed } = opening;
  const { flags } = request;
  const file = roots.files[listed];
  if (file?.stat === undefined || file.path !== request.at.path || (file.stat.mode & S_IFMT) !== S_IFREG)
    return undefined;
  if (roots.slow.isSlow(file.stat.mount)) return undefined;
  const target = { zone: "elsewhere", ...listing(roots, file.stat), mode: file.stat.mode } as const;
  const verdict = decideOpen(flags, target);
  if (verdict.decision !== "allow" || !ticket.listener.isValid(ticket.id)) return undefined;
  const refused = refusal(flags, file.stat);
  if (refused !== 0) return { verdict, reply: result(-refused) };
  const own = (flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW)) | O_NOCTTY;
  const fd = reopen(file.fd, own | O_NONBLOCK, 0);
  if (fd === -EAGAIN) return undefined;
  if (fd >= 0 && (flags & O_NONBLOCK) === 0) syscallByNumber(fcntl, fd, F_SETFL, own);
  return { verdict, reply: fd < 0 ? result(fd) : given(fd, flags) };
}

/** Whether the kernel refuses an open for how it is asked for, before it looks at what is there. */
function isMalformed({ flags, at }: OpenRequest): boolean {
  if ((flags & O_TMPFILE & ~O_DIRECTORY) !== 0) {
    return !isTemporary(flags) || (flags & O_CREAT) !== 0 || (flags & O_ACCMODE) === O_RDONLY;
  }
  return (flags & O_CREAT) !== 0 && ((flags & O_DIRECTORY) !== 0 || at.path.endsWith("/"));
}

/** Carries out an open, or finds that it is the kernel's. */
export function* open(opening: Opening): Steps<Opened> {
  const { ticket, roots, request } = opening;
  if ((request.flags & O_PATH) !== 0 || request.at.path === "" || isMalformed(request)) return PASSED;
  if (request.resolve === 0) {
    const anchor = yield* anchorOf(roots, ticket.tid, request.at);
    const opened = anchor === undefined ? undefined : yield* finish(anchor, openSpelled(opening, anchor));
    if (opened !== undefined) return opened;
  }
  return openByName(opening) ?? (yield* openAnywhere(opening));
}
