/** `make install` puts everything where it belongs, `make uninstall` takes all of it away; DESTDIR may have spaces. */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { readEvents } from "../harness/landlockd.ts";
import { systemAndInside, VERSION_ONLY } from "../harness/policies.ts";
import { baseEnv, type ProcessResult, runProcess } from "../harness/process.ts";

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

/** As the box's user, whose home is the box. */
async function shell(box: Box, script: string, env: Readonly<Record<string, string>> = {}): Promise<ProcessResult> {
  const result = await runProcess(box, ["/bin/bash", "-c", script], { env: { ...baseEnv(box), ...env }, cwd: PROJECT });
  expect({ script, status: result.status, stderr: result.stderr }).toEqual({ script, status: 0, stderr: "" });
  return result;
}

const INSTALLED = "share/landlockd/policies";

asUsers(
  "in a home, systemctl --user finds the units, and run --policy the policies beside the installed ones",
  async (box) => {
    for (const each of [".cache", "empty"]) box.mkdir(each);
    const before = readdirSync(box.dir).sort();
    await shell(box, "make -s install PREFIX=~/.local");
    const local = box.path(".local");
    const paths = (await shell(box, "systemd-analyze --user unit-paths")).stdout.split("\n");
    const found = paths.filter((path) => existsSync(join(path, "landlockd.socket")) && path.startsWith(box.dir));
    expect(found).toEqual([`${local}/share/systemd/user`]);
    expect(await Bun.file(`${found[0]}/landlockd.service`).text()).toContain(`ExecStart=${local}/bin/landlockd serve`);
    // The links of an enabled unit, without a manager that could be asked.
    await shell(box, "systemctl --user --quiet enable landlockd.socket", { SYSTEMD_OFFLINE: "1" });
    const wants = box.path(".config/systemd/user/sockets.target.wants/landlockd.socket");
    expect(readlinkSync(wants)).toBe(`${local}/share/systemd/user/landlockd.socket`);
    await shell(box, "systemctl --user --quiet disable landlockd.socket", { SYSTEMD_OFFLINE: "1" });

    box.write(`.local/${INSTALLED}/beside.toml`, systemAndInside(box));
    const elsewhere = box.write("data/landlockd/policies/elsewhere.toml", systemAndInside(box));
    // An installed copy never takes the place of the one built in.
    box.write(`.local/${INSTALLED}/ci-default.toml`, VERSION_ONLY);
    const cases = [
      ["beside", {}, `${local}/${INSTALLED}/beside.toml`],
      ["elsewhere", { XDG_DATA_HOME: box.path("data") }, elsewhere],
      ["ci-default", {}, "built-in:ci-default"],
    ] as const;
    // By Bun alone, by whichever finds no plan, and by the front, which has one.
    for (const env of [{ LANDLOCKD_NO_FAST_PATH: "1" }, {}, {}]) {
      for (const [name, more, file] of cases) {
        await shell(
          box,
          `cd ~/inside; ~/.local/bin/landlockd run --policy ${name} --audit ~/audit.jsonl -- /bin/true`,
          // Not the folder that the box is in, which its runs could change then.
          { TMPDIR: box.path("outside"), ...env, ...more },
        );
        expect([
          name,
          readEvents(box.path("audit.jsonl")).findLast(({ event }) => event === "run.start")?.["policy_file"],
        ]).toEqual([name, file]);
      }
    }
    for (const each of ["data", "audit.jsonl", ".config", `.local/${INSTALLED}/beside.toml`, ".local/state"])
      box.remove(each);
    await shell(box, "make -s uninstall PREFIX=~/.local");
    expect(readdirSync(box.dir).sort()).toEqual(before);
  },
);

asUsers("a prefix that the shell didn't expand makes no folder of that name", async (box) => {
  for (const prefix of ["~/.local", "relative"]) {
    const result = await runProcess(box, [
      "make",
      "-s",
      "-C",
      PROJECT,
      "install",
      `PREFIX=${prefix}`,
      `DESTDIR=${box.dir}`,
    ]);
    expect([result.status, result.stderr.includes("PREFIX is a path from /")]).toEqual([2, true]);
  }
});
