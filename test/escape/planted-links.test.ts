/**
 * What a run put in the place of a path of its policy leads the next run's setup nowhere: not what is granted, opened,
 * mounted, created or written. Each place shows first that the same link gives the access where it is the user's own.
 */
import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { startDaemon } from "../harness/daemon.ts";
import { landlockd } from "../harness/landlockd.ts";
import { type Grant, systemAndInside } from "../harness/policies.ts";
import { furnish, READ, script, secretRead } from "./planted.ts";

interface Place {
  /** Where setup follows a path. */
  readonly name: string;
  /** What the policy says of the path, and what it grants besides. */
  readonly policy: (path: string, box: Box) => { readonly table?: string; readonly grants?: readonly Grant[] };
  /** What is there before: a folder, or a file. */
  readonly kind: "folder" | "file";
  /** What the link leads to. */
  readonly target: string;
  /** Prints "leaked" where the path was followed there, and nothing else. */
  readonly leak: (box: Box) => string;
}

const written = (name: string) => (box: Box) =>
  `echo leaked > ${box.path(name)} && cat ${box.path(name)} 2>/dev/null || cat ${box.path(name)}`;
const list = (key: string) => (path: string) => ({ table: `[broker]\n${key} = ["${path}"]\n` });

const PLACES: readonly Place[] = [
  {
    name: "a rule",
    policy: (path) => ({ grants: [{ path, rights: READ, optional: true }] }),
    kind: "folder",
    target: "outside",
    leak: secretRead,
  },
  { name: "allow_read", policy: list("allow_read"), kind: "file", target: "outside/secret", leak: secretRead },
  {
    name: "allow_write",
    policy: list("allow_write"),
    kind: "file",
    target: "outside/empty",
    leak: (box) => `echo x > ${box.path("outside/empty")} && echo leaked`,
  },
  { name: "scratch", policy: list("scratch"), kind: "folder", target: "outside", leak: written("outside/new") },
  {
    name: "export",
    policy: (path, box) => ({ table: `[broker]\nscratch = ["${box.mkdir("scratch")}"]\nexport = ["${path}"]\n` }),
    kind: "folder",
    target: "outside",
    leak: (box) =>
      `echo x > ${box.path("scratch/new")}; mv ${box.path("scratch/new")} ${box.path("outside/new")} && echo leaked`,
  },
  {
    name: "a bind's source",
    policy: (path, box) => ({
      table: `[mount]\nbind = [{ source = "${path}", target = "${box.mkdir("shown")}" }]\n`,
      grants: [{ path: box.path("shown"), rights: READ }],
    }),
    kind: "folder",
    target: "outside",
    leak: (box) => `cat ${box.path("shown/secret")}`,
  },
  {
    name: "a bind's target",
    policy: (path, box) => ({
      table: `[mount]\nbind = [{ source = "${box.path("outside")}", target = "${path}" }]\n`,
      grants: [{ path: box.path("covered"), rights: READ }],
    }),
    kind: "folder",
    target: "covered",
    leak: (box) => `cat ${box.path("covered/secret")}`,
  },
  {
    name: "a tmpfs",
    policy: (path, box) => ({
      table: `[mount]\ntmpfs = ["${path}"]\n`,
      grants: [{ path: box.path("covered"), rights: READ }],
    }),
    kind: "folder",
    target: "covered",
    leak: (box) => `test -e ${box.path("covered/file")} || echo leaked`,
  },
  {
    name: "a proc",
    policy: (path) => ({ table: `[mount]\nproc = ["${path}"]\n` }),
    kind: "folder",
    target: "covered",
    leak: (box) => `test -e ${box.path("covered/version")} && echo leaked`,
  },
  {
    name: "the working directory",
    policy: (path) => ({ table: `[runtime]\ncwd = "${path}"\n` }),
    kind: "folder",
    target: "outside",
    leak: (box) => `test "$(pwd -P)" = ${box.path("outside")} && echo leaked`,
  },
];

function makePlace(box: Box, name: string, { kind }: Place): void {
  box.remove(name);
  if (kind === "folder") box.mkdir(name);
  else box.write(name, "");
}

function writePolicy(box: Box, name: string, place: Place): string {
  const { table = "", grants = [] } = place.policy(box.path(name), box);
  return box.write("policy.toml", systemAndInside(box, grants) + table);
}

for (const place of PLACES) {
  asUsers(`a planted link at ${place.name} is followed nowhere`, async (box) => {
    furnish(box);
    // Positive control: a link of the user's own, where no run can change it, is followed.
    makePlace(box, "own/path", place);
    const own = writePolicy(box, "own/path", place);
    expect((await script(box, own, place.leak(box))).stdout).not.toContain("leaked");
    box.remove("own/path");
    box.symlink(box.path(place.target), "own/path");
    box.remove("outside/new");
    expect((await script(box, own, place.leak(box))).stdout).toBe("leaked\n");
    box.remove("outside/new");

    makePlace(box, "inside/path", place);
    const policy = writePolicy(box, "inside/path", place);
    for (let times = 0; times < 2; times++) {
      expect(await script(box, policy, "echo ran")).toMatchObject({ status: 0, stdout: "ran\n" });
    }
    const plan = place.policy("", box).table?.startsWith("[broker]") ? undefined : box.path("own/plan");
    if (plan !== undefined) {
      expect(await landlockd(box, ["compile", "--policy-file", policy, "-o", plan])).toMatchObject({ status: 0 });
      expect((await landlockd(box, ["run", "--plan", plan, "--", "/bin/echo", "ran"])).stdout).toBe("ran\n");
    }
    // The run puts the link there itself; where something is mounted on its name, an earlier run of another policy did.
    const [path, target] = [box.path("inside/path"), box.path(place.target)];
    const mounted = /target|tmpfs|proc/.test(place.name);
    const planting = mounted ? box.write("plain.toml", systemAndInside(box)) : policy;
    const planted = await script(box, planting, `rm -r ${path} && ln -sT ${target} ${path}`);
    expect(planted).toMatchObject({ status: 0, stderr: "" });

    // Of a plan file nobody looks at the policy: what holds is what opens the paths.
    if (plan !== undefined) {
      const result = await landlockd(box, ["run", "--plan", plan, "--", "/bin/sh", "-c", place.leak(box)]);
      expect(result).toMatchObject({ status: 125, stdout: "" });
      expect(result.stderr).toContain(": Too many levels of symbolic links (ELOOP)\n");
    }
    const { socket } = await startDaemon(box);
    const ways: readonly (readonly [readonly string[], Record<string, string>])[] = [
      [[], {}],
      [[], { LANDLOCKD_NO_FAST_PATH: "1" }],
      [["--audit", box.path("audit.jsonl")], {}],
      [["--audit", box.path("audit.jsonl")], { LANDLOCKD_NO_FAST_PATH: "1" }],
      [["--socket", socket], {}],
    ];
    for (const [flags, env] of ways) {
      const result = await script(box, policy, place.leak(box), flags, env);
      expect(result).toMatchObject({ status: 125, stdout: "" });
      expect(result.stderr).toContain(`"${path}" is a symbolic link, which an earlier run may have made`);
      expect(result.stderr.split("\n")).toHaveLength(3);
      expect(readdirSync(box.path("outside")).sort()).toEqual(["empty", "secret"]);
    }
  });
}
