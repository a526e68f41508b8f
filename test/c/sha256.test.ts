import { afterAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Random } from "../harness/random.ts";

mkdirSync("build", { recursive: true });
const folder = mkdtempSync("build/sha256-");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = `${folder}/sha256`;

function hash(bytes: Uint8Array, piece: number): string[] {
  const ended = spawnSync(program, [String(piece)], { input: bytes });
  expect(ended.status).toBe(0);
  return ended.stdout.toString().trim().split("\n");
}

test("the front's SHA-256 is the one that everybody has, in pieces of any size and by either code", () => {
  const flags = ["-std=gnu17", "-O2", "-iquote", "csrc", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"];
  const built = spawnSync("gcc", [...flags, "-o", program, "test/c/sha256.c"]);
  expect(built.stderr.toString()).toBe("");
  const hasInstructions = /^flags\s*:.*\bsha_ni\b/m.test(readFileSync("/proc/cpuinfo", "utf8"));
  const random = new Random(4634);
  for (const size of [0, 1, 55, 56, 63, 64, 65, 1023, 1024, 1025, 1087, 1088, 2111, 4360, 65_536]) {
    const bytes = Uint8Array.from({ length: size }, () => random.below(256));
    const expected = createHash("sha256").update(bytes).digest("hex");
    for (const piece of [1, 7, 64, 1024, 1025, 1100, 65_536]) {
      expect([size, piece, ...hash(bytes, piece)]).toEqual([
        size,
        piece,
        expected,
        expected,
        hasInstructions ? "instructions" : "none",
      ]);
    }
  }
});
