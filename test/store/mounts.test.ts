/** Mounts that once worked and don't any more: what the front sees beforehand it leaves to Bun, which has the place. */
import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { openShelf, type Shelf } from "./shelf.ts";

interface Mounting {
  readonly shelf: Shelf;
  readonly policy: string;
}

/** A policy with a folder, a file and a tmpfs, whose plan is in the store and is served by the front. */
async function openMounting(box: Box): Promise<Mounting> {
  const shelf = openShelf(box);
  for (const name of ["folder/from", "folder/to", "tmp"]) box.mkdir(name);
  const bind = (name: string): string =>
    `[[mount.bind]]\nsource = "${box.path(`${name}/from`)}"\ntarget = "${box.path(`${name}/to`)}"\n`;
  box.write("file/from", "bound");
  box.write("file/to", "covered");
  const tmpfs = `[[mount.tmpfs]]\npath = "${box.path("tmp")}"\n`;
  const text = `${await Bun.file(shelf.strict).text()}${bind("folder")}${bind("file")}${tmpfs}`;
  const policy = box.write("mounting.toml", text);
  expect(await shelf.run(policy, { argv: ["/bin/true"] })).toMatchObject({ by: "bun", status: 0, stderr: "" });
  expect(await shelf.run(policy, { argv: ["/bin/true"] })).toMatchObject({ by: "front", status: 0, stderr: "" });
  return { shelf, policy };
}

/** A run that fails before its command does: told alike with Bun and with a stored plan. Its line. */
async function failure({ shelf, policy }: Mounting, prefix: readonly string[] = []): Promise<string> {
  const argv = ["/bin/echo", "ran"];
  const warm = await shelf.run(policy, { argv, prefix });
  const cold = await shelf.run(policy, { argv, prefix, env: { LANDLOCKD_NO_FAST_PATH: "1" } });
  expect([warm.status, warm.stdout, warm.stderr]).toEqual([125, "", cold.stderr]);
  return warm.stderr.replace(policy, "P");
}

const PLACED = /^landlockd: P:\d+:\d+: [^\n]+\n/;

asUsers("what isn't there any more, or is of another kind, is told with its place", async (box) => {
  const mounting = await openMounting(box);
  const { shelf, policy } = mounting;
  const changes: readonly [path: string, kind: "folder" | "file"][] = [
    ["folder/from", "folder"],
    ["folder/to", "folder"],
    ["file/from", "file"],
    ["file/to", "file"],
    ["tmp", "folder"],
  ];
  for (const [path, kind] of changes) {
    box.remove(path);
    const gone = await failure(mounting);
    if (kind === "folder") box.write(path, "");
    else box.mkdir(path);
    const other = await failure(mounting);
    expect([path, PLACED.test(gone), PLACED.test(other)]).toEqual([path, true, true]);
    box.remove(path);
    if (kind === "folder") box.mkdir(path);
    else box.write(path, "bound");
  }
  // As it was, it is the front's again.
  expect(await shelf.run(policy, { argv: ["/bin/true"] })).toMatchObject({ by: "front", status: 0, stderr: "" });
});

asUsers("a folder as stdin, which would lead past the mounts, is told with the place of [mount]", async (box) => {
  const mounting = await openMounting(box);
  const told = await failure(mounting, ["/bin/sh", "-c", `exec "$@" <${box.path("tmp")}`, "sh"]);
  expect(told).toMatch(PLACED);
  expect(told).toContain("hint: stdin, stdout or stderr is a folder");
});

asUsers("what nobody can see beforehand is told by the front, with a hint at how to have its place", async (box) => {
  const { shelf, policy } = await openMounting(box);
  const strace = ["strace", "-D", "-o", "/dev/null", "-e", "trace=move_mount"];
  for (const [error, text] of [
    ["EINVAL", "Invalid argument (EINVAL)"],
    ["ENOSPC", "No space left on device (ENOSPC)"],
    ["EIO", "Input/output error (EIO)"],
    ["ETXTBSY", "Text file busy (ETXTBSY)"],
    ["EXDEV", "errno 18"],
  ]) {
    const prefix = [...strace, "-e", `inject=move_mount:error=${error}:when=1`];
    const target = box.path("tmp");
    const warm = await shelf.run(policy, { argv: ["/bin/echo", "ran"], prefix });
    expect(warm).toMatchObject({ by: "front", status: 125, stdout: "" });
    expect(warm.stderr).toBe(
      `landlockd: cannot set up the sandbox with "${target}": ${text}\n` +
        "  hint: with LANDLOCKD_NO_FAST_PATH=1 in the environment, its place in the policy is told\n",
    );
    const env = { LANDLOCKD_NO_FAST_PATH: "1" };
    const cold = await shelf.run(policy, {
      argv: ["/bin/echo", "ran"],
      prefix: [...prefix.slice(0, 1), "-f", ...prefix.slice(1)],
      env,
    });
    expect(cold).toMatchObject({ status: 125, stdout: "" });
    expect(cold.stderr.replace(policy, "P")).toMatch(PLACED);
  }
});
