import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../../src/base/errors.ts";
import { readPolicyFile } from "../../../src/policy/read.ts";

const folder = mkdtempSync(join(tmpdir(), "policy-read-"));
afterAll(() => rmSync(folder, { recursive: true }));

function refusalOf(path: string): string {
  try {
    readPolicyFile(path);
  } catch (cause) {
    if (cause instanceof UsageError) return cause.message.replace(`${path}: `, "");
    throw cause;
  }
  throw new Error("the file was read");
}

test("a file is read as it is, and knows its folder", () => {
  const file = join(folder, "p.toml");
  writeFileSync(file, "version = 1\n");
  const source = readPolicyFile(file);
  expect(source.file).toBe(file);
  expect(Buffer.from(source.bytes).toString()).toBe("version = 1\n");
  expect(source.policyDir).toBe(realpathSync(folder));
});

test("an empty file is read: what is wrong with it is told later", () => {
  const file = join(folder, "empty.toml");
  writeFileSync(file, "");
  expect(readPolicyFile(file).bytes.length).toBe(0);
});

test("a folder, a FIFO, a device and a socket are no policies", async () => {
  expect(refusalOf(folder)).toBe("a policy is a file, and this is a directory");
  const fifo = join(folder, "fifo");
  expect(Bun.spawnSync(["mkfifo", fifo]).exitCode).toBe(0);
  expect(refusalOf(fifo)).toBe("a policy is a regular file, and this is a FIFO");
  expect(refusalOf("/dev/zero")).toBe("a policy is a regular file, and this is a device or a socket");
  const socket = join(folder, "socket");
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once("listening", resolve));
  expect(refusalOf(socket)).toBe("cannot read the policy: it is a socket, or a device that isn't there");
  server.close();
});

test("what isn't there, or can't be reached", () => {
  expect(refusalOf(join(folder, "missing.toml"))).toBe("cannot read the policy: no such file");
  writeFileSync(join(folder, "file"), "");
  expect(refusalOf(join(folder, "file/p.toml"))).toBe("cannot read the policy: a part of its path is not a directory");
  symlinkSync("loop", join(folder, "loop"));
  expect(refusalOf(join(folder, "loop"))).toBe("cannot read the policy: too many symbolic links");
  expect(refusalOf(join(folder, "x".repeat(300)))).toBe("cannot read the policy: the name is too long");
  expect(refusalOf("")).toBe("the policy file's name is empty");
  expect(refusalOf("a\0b")).toBe("the policy file's name holds a NUL");
  expect(refusalOf(Buffer.from([0x61, 0xff]).toString())).toBe("the policy file's name isn't UTF-8");
});

test("a file that is too large is refused, also where its size isn't told", () => {
  const file = join(folder, "large.toml");
  writeFileSync(file, "#".repeat(1_048_577));
  expect(refusalOf(file)).toBe("the policy is larger than 1048576 bytes");
  writeFileSync(file, "#".repeat(1_048_576));
  expect(readPolicyFile(file).bytes.length).toBe(1_048_576);
});

test("a symlinked folder is named as what it is", () => {
  mkdirSync(join(folder, "real"));
  writeFileSync(join(folder, "real/p.toml"), "version = 1");
  symlinkSync("real", join(folder, "link"));
  expect(readPolicyFile(join(folder, "link/p.toml")).policyDir).toBe(join(realpathSync(folder), "real"));
});

test("no file is taken for a built-in policy, whatever its name", () => {
  const before = process.cwd();
  try {
    process.chdir(folder);
    writeFileSync("built-in:ci-default", "version = 1");
    expect(readPolicyFile("built-in:ci-default").file).toBe("./built-in:ci-default");
  } finally {
    process.chdir(before);
  }
});
