/** What `run --socket --dry-run` shows is what a run there would be held to; mistakes keep their place. */
import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { startDaemon } from "../harness/daemon.ts";
import { landlockd } from "../harness/landlockd.ts";
import { baseEnv } from "../harness/process.ts";

const WRITE = ["write_file", "make_reg", "make_dir", "truncate", "remove_file"];

/** A policy that lets one folder be written. */
const only = (folder: string): string =>
  `version = 1\n[[fs_layer]]\nhandled_access_fs = ${JSON.stringify(WRITE)}\nrule = [{ path = ${JSON.stringify(folder)}, allowed_access = ${JSON.stringify(WRITE)} }]\n`;

async function byName(box: Box, socket: string, name: string, ...rest: string[]) {
  return await landlockd(box, ["run", "--socket", socket, "--policy", name, ...rest], { env: baseEnv(box) });
}

asUsers("a dry run with a daemon that chooses policies shows the one that it would enforce", async (box) => {
  const theirs = box.mkdir("theirs");
  box.write("policies/ci-default.toml", only(theirs));
  box.write("policies/mine-alone.toml", only(theirs));
  const daemon = await startDaemon(box, ["--policy-dir", box.path("policies")]);
  for (const name of ["ci-default", "mine-alone"]) {
    const dry = await byName(box, daemon.socket, name, "--dry-run");
    expect([name, dry.status, dry.stderr]).toEqual([name, 0, ""]);
    expect(dry.stdout).toStartWith(`plan of ${box.path(`policies/${name}.toml`)}\n`);
    expect(dry.stdout).toContain(theirs);
    // And so it is: only there can be written.
    const touch = async (path: string) => await byName(box, daemon.socket, name, "--", "/usr/bin/touch", path);
    expect((await touch(`${theirs}/file`)).status).toBe(0);
    expect((await touch(box.path("file"))).stderr).toContain("Permission denied");
  }
  // Nothing has run for the dry ones.
  expect((await daemon.status()).runs.total).toBe(4);
  const file = await landlockd(box, [
    "run",
    "--socket",
    daemon.socket,
    "--policy-file",
    "policies/ci-default.toml",
    "--dry-run",
  ]);
  expect([file.status, file.stdout]).toEqual([125, ""]);
  expect(file.stderr).toContain("this daemon chooses policies itself");
});

asUsers(
  "a dry run with any other daemon shows the client's policy, and without a daemon says that there is none",
  async (box) => {
    const mine = box.mkdir("mine");
    const file = box.write("mine.toml", only(mine));
    const daemon = await startDaemon(box);
    const dry = async (socket: string) =>
      await landlockd(box, ["run", "--socket", socket, "--policy-file", file, "--dry-run"]);
    const shown = await dry(daemon.socket);
    expect([shown.status, shown.stderr]).toEqual([0, ""]);
    expect(shown.stdout).toContain(mine);
    const none = await dry(box.path("nowhere"));
    expect([none.status, none.stdout]).toEqual([125, ""]);
    expect(none.stderr).toContain("no daemon answers at");
  },
);

asUsers(
  "a mistake in a policy of the daemon's is told with file, line, column and hint, as without one",
  async (box) => {
    const file = box.write(
      "policies/broken.toml",
      'version = 1\n[net]\nhandled_access_net = ["connect_tpc"]\nrul = []\n',
    );
    const daemon = await startDaemon(box, ["--policy-dir", box.path("policies")]);
    const alone = await landlockd(box, ["run", "--policy-file", file, "--", "/bin/true"]);
    expect(alone.stderr).toMatch(
      /^landlockd: [^\n]*broken\.toml:3:\d+: [^\n]+\n {2}hint: [^\n]+\nlandlockd: [^\n]*broken\.toml:4:1: /,
    );
    for (const rest of [["--dry-run"], ["--", "/bin/echo", "ran"]]) {
      const told = await byName(box, daemon.socket, "broken", ...rest);
      expect([rest, told.status, told.stdout, told.stderr]).toEqual([rest, 125, "", alone.stderr]);
    }
  },
);
