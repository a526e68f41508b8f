/** `make install` puts everything where it belongs, `make uninstall` takes all of it away; DESTDIR may have spaces. */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const PROJECT = resolve(import.meta.dir, "../..");

/** What somebody needs who has only the installed files. */
const EXPECTED = [
  "bin/landlockd",
  "share/bash-completion/completions/landlockd",
  "share/doc/landlockd/LICENSE",
  "share/doc/landlockd/README.md",
  "share/doc/landlockd/docs/policy-reference.md",
  "share/doc/landlockd/docs/threat-model.md",
  "share/fish/vendor_completions.d/landlockd.fish",
  "share/landlockd/schema/landlockd.schema.json",
  "share/landlockd/policies/ci-default.toml",
  "share/man/man1/landlockd.1",
  "share/zsh/site-functions/_landlockd",
];

function make(target: string, destdir: string): void {
  const { MAKEFLAGS: _flags, MAKELEVEL: _level, ...env } = process.env;
  const child = Bun.spawnSync(["make", "-s", target, "PREFIX=/usr", `DESTDIR=${destdir}`], { cwd: PROJECT, env });
  expect({ status: child.exitCode, stderr: child.stderr.toString() }).toEqual({ status: 0, stderr: "" });
}

function filesBeneath(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

// Installing a linked executable that isn't there would build it: that is what `make test` is for.
test("install and uninstall", () => {
  expect(existsSync(join(PROJECT, "dist/landlockd"))).toBe(true);
  const folder = mkdtempSync(join(tmpdir(), "install "));
  try {
    make("install", folder);
    for (const file of EXPECTED)
      expect({ file, there: existsSync(join(folder, "usr", file)) }).toEqual({ file, there: true });
    expect(statSync(join(folder, "usr/bin/landlockd")).mode & 0o7777).toBe(0o755);
    const installed = filesBeneath(folder);
    expect(installed.filter((file) => (statSync(file).mode & 0o7022) !== 0)).toEqual([]);
    const version = Bun.spawnSync([join(folder, "usr/bin/landlockd"), "--version"]);
    expect(version.stdout.toString()).toMatch(/^landlockd \d+\.\d+\.\d+/);
    make("uninstall", folder);
    expect(filesBeneath(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
