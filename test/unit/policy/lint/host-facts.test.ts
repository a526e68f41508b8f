import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_FACTS } from "../../../../src/policy/lint/facts.ts";
import { hostFacts } from "../../../../src/policy/lint/host-facts.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "host-facts-")));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "real"));
writeFileSync(join(folder, "real/file"), "");
symlinkSync("real", join(folder, "link"));
symlinkSync("nowhere", join(folder, "dangling"));

const facts = hostFacts(NO_FACTS);

test("what stands at a path, symlinks followed", () => {
  expect(facts.kind(join(folder, "link"))).toBe("folder");
  expect(facts.kind(join(folder, "link/file"))).toBe("file");
  expect(facts.kind(join(folder, "link/file/x"))).toBe("missing");
  expect(facts.kind(join(folder, "dangling"))).toBe("missing");
  expect(facts.kind("/dev/null")).toBe("device");
});

test("the real path, also of what isn't there yet", () => {
  expect(facts.real(join(folder, "link/file"))).toBe(join(folder, "real/file"));
  expect(facts.real(join(folder, "link/new/deeper"))).toBe(join(folder, "real/new/deeper"));
  expect(facts.real("/")).toBe("/");
});
