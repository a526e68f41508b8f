import { expect, test } from "bun:test";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileStat, O_DIRECTORY, openOwn, statFd } from "../../../../src/broker/files.ts";
import type { Parent } from "../../../../src/broker/locate.ts";
import { Publisher } from "../../../../src/broker/publish/publish.ts";
import type { Folder } from "../../../../src/broker/roots.ts";
import { runNow } from "../../../../src/broker/steps.ts";

function pin(zone: Folder["zone"], path: string): Folder {
  const fd = openOwn(path, O_DIRECTORY);
  return { zone, fd, path, spellings: [path], stat: statFd(fd) as FileStat };
}

/** The parent of a name right in a folder; it is consumed by what is published. */
function parent(folder: Folder, name: string): Parent {
  return { zone: folder.zone, root: folder, fd: openOwn(folder.path, O_DIRECTORY), stat: folder.stat, name };
}

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
