import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asRoot, asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { insideOnly, opening } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

const denied = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "EACCES");

/** The claim's policy, and an empty `outside` before each column. */
async function expectNothingMade(box: Box, rows: readonly Row[]): Promise<void> {
  const prepare = (): void => {
    box.remove("outside");
    box.mkdir("outside");
  };
  await expectClaim(box, {
    probe: "tree",
    policy: insideOnly(box, [probePath("tree")]) + opening("openat2"),
    rows,
    prepare,
  });
  expect(readdirSync(box.path("outside"))).toEqual([]);
}

asUsers("nothing can be created outside the grants", async (box) => {
  const at = (name: string): string => box.path(`outside/${name}`);
  await expectNothingMade(box, [
    denied("create_openat", at("openat")),
    denied("create_openat", `/proc/self/root${at("root")}`),
    denied("create_openat2", at("openat2")),
    denied("create_creat", at("creat")),
    denied("create_open", at("open")),
    denied("create_dirfd", box.path("outside"), "dirfd"),
    denied("create_dirfd", box.path("inside"), "../outside/dirfd-climbing"),
    denied("create_tmpfile", box.path("outside"), at("tmpfile")),
    denied("mkdir", at("mkdir")),
    denied("mkdirat", at("mkdirat")),
    denied("mknod", at("mknod")),
    denied("mknod_regular", at("regular")),
    denied("mknod_fifo", at("fifo")),
    denied("mknod_socket", at("socket")),
    denied("mknod_whiteout", at("whiteout")),
    denied("symlink", "/etc/passwd", at("symlink")),
    denied("symlinkat", "/etc/passwd", at("symlinkat")),
  ]);
});

asRoot("root can't make device nodes outside the grants, nor inside them without the capability", async (box) => {
  await expectNothingMade(box, [
    denied("mknod_null", box.path("outside/null")),
    denied("mknod_block", box.path("outside/loop")),
  ]);
  const prepare = (): void => box.remove("inside/null");
  const rows = [row(["mknod_null", box.path("inside/null")], "OK", "EPERM")];
  await expectClaim(box, { probe: "tree", policy: insideOnly(box, [probePath("tree")]), rows, prepare });
});
