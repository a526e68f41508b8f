import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { candidatesOf, findProblem } from "../../../src/run/command.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync("/tmp/landlockd-command-");
  mkdirSync(`${folder}/folder`);
  writeFileSync(`${folder}/plain`, "#!/bin/sh\n", { mode: 0o644 });
  writeFileSync(`${folder}/script`, "#! /bin/sh -e\n", { mode: 0o755 });
  writeFileSync(`${folder}/orphan`, "#!/nonexistent/sh\n", { mode: 0o755 });
  writeFileSync(`${folder}/nameless`, "#!\n", { mode: 0o755 });
  chmodSync(`${folder}/plain`, 0o644);
});
afterAll(() => rmSync(folder, { recursive: true }));

const names = (list: readonly Uint8Array[]): string[] => list.map((each) => Buffer.from(each).toString());
const problem = (name: string): ReturnType<typeof findProblem> => {
  const bytes = Buffer.from(name);
  return findProblem(bytes, candidatesOf(bytes, [Buffer.from(`PATH=${folder}`)]));
};

test("a name with a slash is a path", () => {
  expect(names(candidatesOf(Buffer.from("./a"), [Buffer.from("PATH=/bin")]))).toEqual(["./a"]);
});

test("PATH is searched in order, an empty folder is the working directory, no PATH is the default", () => {
  expect(names(candidatesOf(Buffer.from("a"), [Buffer.from("PATH=/x::/y")]))).toEqual(["/x/a", "./a", "/y/a"]);
  expect(names(candidatesOf(Buffer.from("a"), []))).toEqual(["/usr/local/bin/a", "/usr/bin/a", "/bin/a"]);
});

test("bytes that aren't UTF-8 pass", () => {
  const [candidate] = candidatesOf(Buffer.from([0x61, 0xff]), [Buffer.from("PATH=/bin")]);
  expect([...(candidate ?? [])]).toEqual([...Buffer.from("/bin/a"), 0xff]);
});

test("what can be executed is no problem", () => {
  expect(problem("script")).toBeUndefined();
});

test("127 for what isn't there", () => {
  expect(problem("missing")?.status).toBe(127);
  expect(problem("")?.status).toBe(127);
  expect(problem(`${folder}/missing`)?.status).toBe(127);
});

test("126 with the reason for what can't be executed", () => {
  expect(problem("folder")).toEqual({ status: 126, message: 'cannot execute "folder": it is a directory' });
  expect(problem("plain")?.message).toContain("not executable");
  expect(problem("orphan")?.message).toContain("/nonexistent/sh");
  expect(problem("nameless")?.message).toContain("no interpreter");
});
