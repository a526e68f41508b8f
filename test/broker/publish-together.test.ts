/** Publications that take long, and others beside them: the supervisor serves in between. */
import { expect } from "bun:test";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { type RunResult, run } from "../harness/landlockd.ts";
import { brokeredPrograms, prepare } from "./policies.ts";

/** Fills a folder of the box with empty files. */
function fill(box: Box, folder: string, files: number): void {
  for (let number = 0; number < files; number++) {
    const file = `${box.mkdir(folder)}/${number}`;
    writeFileSync(file, "");
    chownSync(file, box.user.uid, box.user.gid);
  }
}

type Rename = readonly [from: string, to: string];

/** In scratch, renames `first`, and `second` as soon as `begun` is true. Prints what came of each, by errno. */
async function together(
  box: Box,
  { first, begun, second, folders }: { first: Rename; begun: string; second: Rename; folders: readonly string[] },
): Promise<RunResult> {
  const program = `
import errno, os, threading
os.chdir(${JSON.stringify(box.path("scratch"))})
results = {}
def rename(source, target):
    try:
        os.rename(source, target)
        results[source] = "OK"
    except OSError as error:
        results[source] = errno.errorcode[error.errno]
thread = threading.Thread(target=rename, args=${JSON.stringify(first)})
thread.start()
while thread.is_alive() and not (${begun}): pass
rename(*${JSON.stringify(second)})
thread.join()
print(*results.values())`;
  const policy = brokeredPrograms({ scratch: [box.path("scratch")], export: folders });
  return await run(box, { policy, argv: ["/usr/bin/python3", "-c", program] });
}

/** Folders within folders, files before and after each: in whatever order they are read, the last comes late. */
const LEVELS = 12;
const FILES = 60;
const COPIED = 1000;

asUsers("what is refused isn't put back into a folder that is published meanwhile", async (box) => {
  const { secret, out } = prepare(box);
  let folder = "scratch/tree/sub/x";
  for (let level = 0; level < LEVELS; level++) {
    fill(box, folder, FILES / 2);
    box.mkdir(`${folder}/deeper`);
    fill(box, `${folder}`, FILES);
    folder += "/deeper";
  }
  box.symlink(secret, `${folder}/link`);
  const seen: string[] = [];
  // On a busy machine the second may come too late, when the first is over.
  for (let round = 0; round < 10 && !seen.includes("EBUSY EPERM\n"); round++) {
    const { stdout } = await together(box, {
      first: ["tree/sub/x", `${out}/x`],
      begun: 'not os.path.exists("tree/sub/x")',
      second: ["tree", `${out}/tree`],
      folders: [out],
    });
    seen.push(stdout);
    // The link leads outside. The tree is in use until that has been found.
    expect(readdirSync(out)).toEqual([]);
    expect(existsSync(box.path("scratch/tree/sub/x"))).toBe(true);
  }
  expect(seen).toContain("EBUSY EPERM\n");
});

asUsers("what was copied from scratch isn't removed from what is published meanwhile", async (box) => {
  const { out, scratch } = prepare(box);
  const elsewhere = mkdtempSync("/dev/shm/landlockd-test-");
  box.defer(() => rmSync(elsewhere, { recursive: true, force: true }));
  chmodSync(elsewhere, 0o777);
  fill(box, "scratch/x/y", COPIED);
  const { stdout, stderr } = await together(box, {
    first: ["x", `${elsewhere}/x`],
    begun: `os.path.exists(${JSON.stringify(`${elsewhere}/x`)})`,
    second: ["x/y", `${out}/y`],
    folders: [out, elsewhere],
  });
  expect([stderr, stdout]).toEqual(["", "OK ENOENT\n"]);
  expect(readdirSync(`${elsewhere}/x/y`)).toHaveLength(COPIED);
  expect(existsSync(`${out}/y`)).toBe(false);
  expect(readdirSync(scratch)).toEqual([]);
});
