/**
 * The mounts on which a lookup may wait without end, because somebody else answers it: a server, a FUSE process, an
 * automounter. As /proc/PID/mountinfo has them (proc_pid_mountinfo(5)); read again when the kernel says that it changed.
 */

import { O_RDONLY } from "../kernel/file.ts";
import { OWN_FILESYSTEMS } from "../kernel/filesystems.ts";
import type { Watch } from "../native/epoll.ts";
import { allocate, type Memory } from "../native/memory.ts";
import { numberOf, syscallByNumber } from "../native/syscall.ts";
import { close, openOwn } from "./files.ts";

const OWN: ReadonlySet<string> = new Set(OWN_FILESYSTEMS);

export interface Mount {
  /** As statx(2) has it in stx_mnt_id. */
  readonly id: number;
  /** Where it is, from the root of the process; a binary string. */
  readonly path: string;
  readonly slow: boolean;
}

const CHUNK_SIZE = 64 * 1024;
const pread = numberOf("pread64");
let chunk: Memory | undefined;

function readAll(fd: number): string | undefined {
  chunk ??= allocate(CHUNK_SIZE);
  let text = "";
  for (;;) {
    const size = syscallByNumber(pread, fd, chunk.address, CHUNK_SIZE, text.length);
    if (size < 0) return undefined;
    if (size === 0) return text;
    text += chunk.bytes.latin1Slice(0, size);
  }
}

/** The mounts in the text of a mountinfo file, in its order; lines that aren't as they should be count as slow. */
export function parseMounts(text: string): Mount[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const fields = line.split(" ");
    const type = fields[fields.indexOf("-", 6) + 1] ?? "";
    const path = (fields[4] ?? "").replace(/\\([0-7]{3})/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 8)),
    );
    return { id: Number(fields[0]), path, slow: !OWN.has(type) };
  });
}

/** What a lookup has to know of them. */
export interface Slow {
  /** Whether there is any: otherwise no lookup needs care. */
  readonly any: boolean;
  /** Whether what is on a mount may have to be waited for; of one that isn't known it may. */
  isSlow(mountId: number): boolean;
  /** The mount that an absolute path leads to, as far as its spelling tells. */
  mountOf(path: string): Mount | undefined;
}

/** For what is looked up while there is nobody yet who could be kept waiting. */
export const NONE_SLOW: Slow = { any: false, isSlow: () => false, mountOf: () => undefined };

export class SlowMounts implements Slow {
  /** Of a mountinfo file; -1: nothing is known, and everything may be slow. */
  readonly #fd: number;
  #changed = true;
  #any = true;
  readonly #fast = new Set<number>();
  readonly #byPath = new Map<string, Mount>();
  #watch: Watch | undefined;

  /** `file`: /proc/PID/mountinfo of a process that has the mounts in question. */
  constructor(file: string) {
    this.#fd = openOwn(file, O_RDONLY);
  }

  /** Learns of changes from now on, and tells of them. Without it each question reads the file again. */
  watch(watch: Watch, changed: () => void): void {
    if (this.#fd < 0 || this.#watch !== undefined) return;
    this.#watch = watch;
    watch.addMounts(this.#fd, () => {
      this.#changed = true;
      changed();
    });
  }

  #refresh(): void {
    if (!this.#changed) return;
    this.#changed = this.#watch === undefined;
    const text = this.#fd < 0 ? undefined : readAll(this.#fd);
    const mounts = text === undefined ? [] : parseMounts(text);
    this.#any = mounts.length === 0 || mounts.some(({ slow }) => slow);
    this.#fast.clear();
    this.#byPath.clear();
    for (const mount of mounts) {
      if (!mount.slow) this.#fast.add(mount.id);
      // Of two at one place the later one is on top.
      this.#byPath.set(mount.path, mount);
    }
  }

  get any(): boolean {
    this.#refresh();
    return this.#any;
  }

  isSlow(mountId: number): boolean {
    return this.any && !this.#fast.has(mountId);
  }

  mountOf(path: string): Mount | undefined {
    this.#refresh();
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const mount = this.#byPath.get(path.slice(0, end));
      if (mount !== undefined) return mount;
    }
    return this.#byPath.get("/");
  }

  /** Where the slow ones are; all of it where nothing is known. */
  get paths(): readonly string[] {
    this.#refresh();
    if (this.#byPath.size === 0) return ["/"];
    return [...this.#byPath.values()].filter(({ slow }) => slow).map(({ path }) => path);
  }

  close(): void {
    if (this.#watch !== undefined) this.#watch.remove(this.#fd);
    this.#watch = undefined;
    close(this.#fd);
  }
}
