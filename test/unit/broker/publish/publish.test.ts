import { expect, test } from "bun:test";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileStat, O_DIRECTORY, openOwn, statFd } from "../../../../src/broker/files.ts";
import type { Parent } from "../../../../src/broker/locate.ts";
import { Publisher } from "../../../../src/broker/publish/publish.ts";
import type { Folder } from "../../../../src/broker/roots.ts";
import { runNow, type Steps } from "../../../../src/broker/steps.ts";
import { endHelper } from "../../../../src/native/helper.ts";
import { syscall } from "../../../../src/native/syscall.ts";

function pin(zone: Folder["zone"], path: string): Folder {
  const fd = openOwn(path, O_DIRECTORY);
  return { zone, fd, path, spellings: [path], stat: statFd(fd) as FileStat };
}

/** The parent of a name right in a folder; it is consumed by what is published. */
function parent(folder: Folder, name: string): Parent {
  return { zone: folder.zone, root: folder, fd: openOwn(folder.path, O_DIRECTORY), stat: folder.stat, name };
}

/** All steps, and what is to be done by helpers in between. */
function runAll(steps: Steps): number {
  for (let step = steps.next(0); ; ) {
    if (step.done === true) return step.value;
    const helper = step.value?.() ?? 0;
    step = steps.next(typeof helper === "number" ? helper : endHelper(helper));
  }
}

/** Publishes a copy of `scratch/name`; `change` is what happens between the moment that it has its name and the end. */
function publishCopy(dir: string, name: string, change: () => void): number {
  const [scratch, folder] = [pin("scratch", join(dir, "scratch")), pin("export", join(dir, "export"))];
  const publisher = new Publisher();
  const pins = { from: parent(scratch, name), to: parent(folder, name) };
  try {
    return runAll(publisher.publish({ ...pins, folder, flags: 0, link: false, shared: true }, change));
  } finally {
    publisher.close();
    for (const { fd } of [scratch, folder]) syscall("close", fd);
  }
}

/** A folder with "scratch" and "export" in it, for as long as `use` takes. */
function withFolders(use: (dir: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "landlockd-publish-"));
  const umask = process.umask();
  try {
    for (const name of ["scratch", "export"]) mkdirSync(join(dir, name));
    use(dir);
  } finally {
    process.umask(umask);
    rmSync(dir, { recursive: true, force: true });
  }
}

test("after a copy its original is removed, and not what has taken the original's name", () => {
  withFolders((dir) => {
    const at = (name: string): string => join(dir, "scratch", name);
    writeFileSync(at("file"), "old");
    const replaced = publishCopy(dir, "file", () => {
      renameSync(at("file"), at("kept"));
      writeFileSync(at("file"), "new");
    });
    expect([replaced, readFileSync(at("file"), "utf8"), readFileSync(at("kept"), "utf8")]).toEqual([0, "new", "old"]);
    // As ext4 does at once: the number of the old inode is the new one's.
    const again = publishCopy(dir, "file", () => {
      unlinkSync(at("file"));
      writeFileSync(at("file"), "newer");
    });
    expect([again, readFileSync(at("file"), "utf8")]).toEqual([0, "newer"]);
    expect(readFileSync(join(dir, "export/file"), "utf8")).toBe("new");
    // Control: what nobody touches is gone.
    expect([publishCopy(dir, "file", () => undefined), readdirSync(at(""))]).toEqual([0, ["kept"]]);
  });
});

test("of a tree that was copied, whatever came into it since stays, and the folders that it is in", () => {
  withFolders((dir) => {
    const at = (name: string): string => join(dir, "scratch", name);
    for (const name of ["tree/same", "tree/other", "tree/empty"]) mkdirSync(at(name), { recursive: true });
    for (const name of ["tree/file", "tree/same/file", "tree/other/file"]) writeFileSync(at(name), "old");
    symlinkSync("file", at("tree/link"));
    linkSync(at("tree/file"), at("tree/second"));
    const published = publishCopy(dir, "tree", () => {
      writeFileSync(at("tree/other/added"), "new");
      unlinkSync(at("tree/link"));
      symlinkSync("elsewhere", at("tree/link"));
      renameSync(at("tree/empty"), at("moved"));
      mkdirSync(at("tree/empty"));
      writeFileSync(at("moved/added"), "new");
    });
    expect(published).toBe(0);
    const left = readdirSync(at(""), { recursive: true }).map(String).sort();
    expect(left).toEqual(["moved", "moved/added", "tree", "tree/empty", "tree/link", "tree/other", "tree/other/added"]);
    const all = readdirSync(join(dir, "export/tree"), { recursive: true }).map(String).sort();
    expect(all).toEqual(["empty", "file", "link", "other", "other/file", "same", "same/file", "second"]);
    // Control: the whole tree goes where nobody touches it.
    for (const name of ["moved", "tree"]) rmSync(at(name), { recursive: true });
    mkdirSync(at("quiet/sub"), { recursive: true });
    writeFileSync(at("quiet/sub/file"), "");
    expect([publishCopy(dir, "quiet", () => undefined), readdirSync(at(""))]).toEqual([0, []]);
  });
});

test("what was copied and then put into each other, deeper than anything is copied, stays", () => {
  // Each level takes an fd and a frame of the stack: thousands of them would be the end of who serves all runs.
  const names = Array.from({ length: 250 }, (_, index) => String(index));
  withFolders((dir) => {
    const at = (name: string): string => join(dir, "scratch/tree", name);
    for (const name of names) mkdirSync(at(name), { recursive: true });
    const published = publishCopy(dir, "tree", () => {
      for (const name of names.slice(1).reverse()) renameSync(at(name), at(`${Number(name) - 1}/${name}`));
    });
    expect([published, readdirSync(join(dir, "export/tree")).length]).toEqual([0, names.length]);
    expect(readdirSync(at(""), { recursive: true }).length).toBe(names.length);
  });
});

test("what helpers may be at work in is never moved: what they do later stays in scratch", () => {
  const dir = mkdtempSync(join(tmpdir(), "landlockd-publish-"));
  // The broker sets its own; here it is every other test's too.
  const umask = process.umask();
  try {
    for (const name of ["scratch/moved/sub", "scratch/shared/sub", "export"]) {
      mkdirSync(join(dir, name), { recursive: true });
    }
    const scratch = pin("scratch", join(dir, "scratch"));
    const folder = pin("export", join(dir, "export"));
    const publisher = new Publisher();
    for (const name of ["moved", "shared"]) {
      const before = lstatSync(join(dir, "scratch", name, "sub")).ino;
      const pins = { from: parent(scratch, name), to: parent(folder, name) };
      const shared = name === "shared";
      expect(runNow(publisher.publish({ ...pins, folder, flags: 0, link: false, shared }))).toBe(0);
      const after = lstatSync(join(dir, "export", name, "sub")).ino;
      expect([name, after === before]).toEqual([name, !shared]);
    }
    publisher.close();
    expect(readdirSync(join(dir, "scratch"))).toEqual([]);
    expect(readdirSync(join(dir, "export")).sort()).toEqual(["moved", "shared"]);
  } finally {
    process.umask(umask);
    rmSync(dir, { recursive: true, force: true });
  }
});

test("what is moved into the staging folder has a name by which it stays, should landlockd be killed", () => {
  const dir = mkdtempSync(join(tmpdir(), "landlockd-publish-"));
  const umask = process.umask();
  try {
    mkdirSync(join(dir, "export"));
    for (let i = 0; i < 600; i++) mkdirSync(join(dir, "scratch/tree", String(i)), { recursive: true });
    const scratch = pin("scratch", join(dir, "scratch"));
    const folder = pin("export", join(dir, "export"));
    const publisher = new Publisher();
    const pins = { from: parent(scratch, "tree"), to: parent(folder, "tree") };
    let settled = 0;
    const publishing = publisher.publish({ ...pins, folder, flags: 0, link: false, shared: false }, () => settled++);
    // It lets others go first while it judges.
    expect(publishing.next(0)).toEqual({ done: false, value: undefined });
    const [staging = ""] = readdirSync(join(dir, "export"));
    expect(readdirSync(join(dir, "export", staging))).toEqual(["moved-1"]);
    expect([settled, readdirSync(join(dir, "scratch"))]).toEqual([0, []]);
    // Its caller is gone: it goes back, in as many steps as that takes.
    while (publishing.return(0).done !== true);
    expect([settled, readdirSync(join(dir, "scratch"))]).toEqual([0, ["tree"]]);
    publisher.close();
    expect(readdirSync(join(dir, "export"))).toEqual([]);
  } finally {
    process.umask(umask);
    rmSync(dir, { recursive: true, force: true });
  }
});
