import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { asUsers, asUsersUnless } from "../harness/cases.ts";
import { landlockdPath } from "../harness/landlockd.ts";
import { argvAs } from "../harness/process.ts";
import { until } from "../harness/within.ts";
import { fsLayer, mountOnly, obstacle, prepareRoot } from "../mount/prepared.ts";
import { bothWays } from "./both.ts";
import { openShelf, type Shelf } from "./shelf.ts";

/** The shelf's strict policy, with a PID namespace. */
async function ownProc({ box, strict }: Shelf): Promise<string> {
  return box.write("proc.toml", `${await Bun.file(strict).text()}[mount]\nproc = ["/proc"]\n`);
}

asUsers("the front supervises a run in a PID namespace, which ends as under Bun", async (box) => {
  const shelf = openShelf(box);
  const policy = await ownProc(shelf);
  const scripts: readonly (readonly [string, object])[] = [
    ["echo $$", { status: 0, stdout: "2\n" }],
    ["exit 7", { status: 7 }],
    ["kill -TERM $$", { signal: "SIGTERM" }],
    ["kill -SEGV $$", { signal: "SIGSEGV" }],
    ["kill -PIPE $$", { signal: "SIGPIPE" }],
    ["sleep 1000 & sleep 0.2; exit 3", { status: 3 }],
    ["kill -KILL 1; kill -0 $PPID; echo $?", { status: 0, stdout: "1\n" }],
  ];
  for (const [script, expected] of scripts) {
    const { front, bun } = await bothWays(shelf, policy, { argv: ["/bin/sh", "-c", script] });
    expect(bun).toMatchObject({ by: "bun", ...expected });
    expect(front).toEqual({ ...bun, by: "front" });
  }
});

asUsers("what can't be started in a PID namespace is told as under Bun", async (box) => {
  const shelf = openShelf(box);
  const policy = await ownProc(shelf);
  const commands: readonly (readonly [number, string])[] = [
    [127, "no-such-command"],
    [127, box.path('inside/"none"')],
    [126, box.write("inside/plain", "echo\n", 0o644)],
    [126, box.write("outside/denied", "#!/bin/sh\n", 0o755)],
  ];
  for (const [status, command] of commands) {
    const flags = ["--audit", box.path("record")];
    const { front, bun } = await bothWays(shelf, policy, { argv: [command], flags, sink: "record" });
    expect(bun).toMatchObject({ status, sink: expect.stringContaining("run.error") });
    // Bun served both in the end: the front has nothing to say.
    expect(front).toEqual(bun);
  }
});

asUsersUnless(obstacle, "mounts are events of the front's as of Bun's, byte for byte", async (box) => {
  const shelf = openShelf(box);
  const root = prepareRoot(box);
  const source = box.mkdir('so "ur" ce – \u{1f980} \\ \t\n\u007f');
  const [odd, writable] = [box.mkdir('root/o"d\\d'), box.mkdir("root/rw")];
  const quote = (path: string): string => JSON.stringify(path).replaceAll("\u007f", "\\u007F");
  const binds = [
    `{ source = ${quote(source)}, target = ${quote(odd)} }`,
    `{ source = ${quote(box.mkdir("other"))}, target = "${writable}", read_only = false }`,
  ];
  const mounts = `tmpfs = ["${root}/tmp", "${root}/etc"]\nbind = [${binds.join(", ")}]`;
  for (const proc of ["", `proc = ["${root}/proc"]\n`]) {
    const runtime = `[runtime]\nroot = "${root}"\ncwd = "/work"`;
    const policy = box.write("root.toml", mountOnly(runtime, `[mount]\n${proc}${mounts}`) + fsLayer([root]));
    const options = { argv: ["/bin/sh", "-c", "ls /o*; exit 4"], flags: ["--audit", box.path("record")] };
    const { front, bun } = await bothWays(shelf, policy, { ...options, sink: "record" });
    expect(bun).toMatchObject({ by: "bun", status: 4 });
    expect(bun.sink.match(/"event":"[a-z.]+"/g)?.length).toBe(proc === "" ? 6 : 7);
    expect(front).toEqual({ ...bun, by: "front" });
  }
});

/** Resident memory in KiB. */
function residentOf(pid: string): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);
}

asUsers("while the front supervises, landlockd and its keeper take less than a megabyte", async (box) => {
  const shelf = openShelf(box);
  const marker = box.path("inside/begun");
  for (const policy of [shelf.strict, await ownProc(shelf)]) {
    box.remove("inside/begun");
    await shelf.fill(policy);
    const flags = ["--policy-file", policy, "--audit", box.path("record")];
    const script = `trap 'exit 5' TERM; echo >${marker}; while :; do sleep 0.05; done`;
    const argv = [landlockdPath(), "run", ...flags, "--", "/bin/sh", "-c", script];
    const child = Bun.spawn(argvAs(box, argv), { env: shelf.env, cwd: box.dir });
    await until("the workload", () => (existsSync(marker) ? true : undefined));
    const keeper = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
    const sizes = [String(child.pid), keeper].map(residentOf);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(5);
    for (const size of sizes) {
      expect(size).toBeGreaterThan(0);
      expect(size).toBeLessThan(1024);
    }
  }
});
