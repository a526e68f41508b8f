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
