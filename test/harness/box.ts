/** A test's own folder and the user that it acts as. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { User } from "./user.ts";

export interface Box extends AsyncDisposable {
  readonly user: User;
  /** The folder, owned by the user, mode 0755. It holds `inside` (what policies grant) and `outside` (what none does). */
  readonly dir: string;
  /** An absolute path in the folder. */
  path(name: string): string;
  /** Writes a file that the user owns and returns its path; makes its folders. */
  write(name: string, content: string | Uint8Array, mode?: number): string;
  /** Makes a folder that the user owns and returns its path. */
  mkdir(name: string): string;
  symlink(target: string, name: string): string;
  /** Removes a path of the folder, whatever it is; nothing if it isn't there. */
  remove(name: string): void;
  /** Runs `cleanup` when the box is closed, last first. */
  defer(cleanup: () => void | Promise<void>): void;
}

export function openBox(user: User): Box {
  const dir = mkdtempSync(join(tmpdir(), "landlockd-test-"));
  const cleanups: (() => void | Promise<void>)[] = [];
  const path = (name: string): string => join(dir, name);
  const own = (file: string): string => {
    chownSync(file, user.uid, user.gid);
    return file;
  };
  const mkdir = (name: string): string => {
    const made = mkdirSync(path(name), { recursive: true });
    for (let folder = path(name); made !== undefined && folder.length >= made.length; folder = dirname(folder)) {
      own(folder);
    }
    return path(name);
  };
  chmodSync(dir, 0o755);
  own(dir);
  mkdir("inside");
  mkdir("outside");
  return {
    user,
    dir,
    path,
    mkdir,
    write(name, content, mode = 0o644) {
      mkdir(dirname(name));
      writeFileSync(path(name), content);
      chmodSync(own(path(name)), mode);
      return path(name);
    },
    symlink(target, name) {
      symlinkSync(target, path(name));
      return path(name);
    },
    remove(name) {
      rmSync(path(name), { recursive: true, force: true });
    },
    defer(cleanup) {
      cleanups.push(cleanup);
    },
    async [Symbol.asyncDispose]() {
      for (const cleanup of cleanups.reverse()) await cleanup();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
