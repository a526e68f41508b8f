import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { run } from "../harness/landlockd.ts";
import { insideOnly, opening } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

const CONTENT = "untouched";

function rows(target: string): Row[] {
  const denied = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "EACCES");
  return [
    denied("write_open", target),
    denied("write_openat", target),
    denied("write_openat", `/proc/self/root${target}`),
    denied("write_openat2", target),
    denied("write_rdwr", target),
    denied("write_append", target),
    denied("truncate_rdonly", target),
    denied("truncate", target),
    denied("write_creat", target),
  ];
}

function plant(box: Box): string {
  return box.write("outside/target", CONTENT);
}

asUsers("a file outside the grants can't be written or truncated", async (box) => {
  const prepare = (): void => void plant(box);
  const target = plant(box);
  await expectClaim(box, {
    probe: "fs",
    policy: insideOnly(box, [probePath("fs")]) + opening("openat2"),
    rows: rows(target),
    prepare,
  });
  expect(readFileSync(target, "utf8")).toBe(CONTENT);
});

asUsers("a grant to read gives no way to write or truncate", async (box) => {
  const prepare = (): void => void plant(box);
  const target = plant(box);
  const policy = insideOnly(box, [probePath("fs")], [{ path: target, rights: ["read_file"] }]) + opening("openat2");
  await expectClaim(box, { probe: "fs", policy, rows: rows(target), prepare });
  expect(readFileSync(target, "utf8")).toBe(CONTENT);
});

asUsers("a grant to write without truncate keeps what is there", async (box) => {
  const prepare = (): void => void plant(box);
  const target = plant(box);
  const policy = insideOnly(box, [probePath("fs")], [{ path: target, rights: ["read_file", "write_file"] }]);
  const truncating: Row[] = [
    row(["write_append", target], "OK", "OK"),
    row(["truncate", target], "OK", "EACCES"),
    row(["truncate_rdonly", target], "OK", "EACCES"),
    row(["write_creat", target], "OK", "EACCES"),
  ];
  await expectClaim(box, { probe: "fs", policy, rows: truncating, prepare });
  expect(readFileSync(target, "utf8")).toBe(CONTENT);
});

asUsers("two layers that grant different rights on one file grant neither", async (box) => {
  const target = plant(box);
  const read = insideOnly(box, [probePath("fs")], [{ path: target, rights: ["read_file"] }]);
  const write = insideOnly(box, [probePath("fs")], [{ path: target, rights: ["write_file"] }]);
  const both = read + write.slice(write.indexOf("[[fs_layer]]"));
  const attempts = ["write_openat", target, "+", "read_openat", target];
  const single = await run(box, { policy: write, argv: [probePath("fs"), ...attempts] });
  expect(single.stdout).toBe("write_openat OK\nread_openat EACCES\n");
  const stacked = await run(box, { policy: both, argv: [probePath("fs"), ...attempts] });
  expect(stacked.stdout).toBe("write_openat EACCES\nread_openat EACCES\n");
});
