import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUnprivileged, asUsers } from "../harness/cases.ts";
import { landlockd, landlockdPath } from "../harness/landlockd.ts";
import { openTerminal } from "../harness/terminal.ts";
import { bothWays, type Ways } from "./both.ts";
import { openStage } from "./brokered.ts";
import { openShelf, type Shelf } from "./shelf.ts";

const EVENTS = ["run.start", "run.exit"];

const namesIn = (text: string): string[] => [...text.matchAll(/"event":"([a-z.]+)"/g)].map((match) => match[1] ?? "");

/** What the run of {@link ways} prints: it gets no sink. */
const RAN = "/bin/sh: 1: 7: Bad file descriptor\nran\n";

/** A run that asks for fd 7 and exits with 5, its sink given by `--audit SINK` and a script around landlockd. */
function ways(sink: string, script: string, more: Partial<Ways> = {}): Ways {
  return {
    argv: ["/bin/sh", "-c", "{ echo x >&7; } 2>&1; echo ran; exit 5"],
    flags: ["--audit", sink],
    script,
    ...more,
  };
}

/** A FIFO of the box's user, and a reader of it that writes to `record`. */
function fifo(box: Box): { readonly path: string; readonly script: string } {
  const path = box.path("fifo");
  return {
    path,
    script: `rm -f ${path}; mkfifo ${path}; cat ${path} >record & sleep 0.3; "$@"; status=$?; wait; exit $status`,
  };
}

asUsers("every sink gets the same from the front as from Bun", async (box) => {
  const shelf = openShelf(box);
  const named = fifo(box);
  const pipe = 'exec 8>&1; { "$@"; echo "status $?" >&8; } 7>&1 >&8 | cat >record';
  const sinks: readonly (readonly [string, string])[] = [
    [box.path("record"), 'exec "$@"'],
    ["fd:7", 'exec "$@" 7>record'],
    ["fd:007", 'exec "$@" 7>>record'],
    ["-", 'exec "$@" 2>record'],
    ["-", '"$@" 2> >(exec cat >record); status=$?; wait $!; exit $status'],
    ["fd:7", pipe],
    [named.path, named.script],
    ["/dev/fd/7", 'exec "$@" 7>record'],
  ];
  for (const [sink, script] of sinks) {
    const { front, bun } = await bothWays(shelf, shelf.strict, ways(sink, script, { sink: "record" }));
    expect([script, namesIn(bun.sink)]).toEqual([script, EVENTS]);
    expect([script, bun.by, bun.stdout, bun.stderr]).toEqual([
      script,
      "bun",
      script === pipe ? `${RAN}status 5\n` : RAN,
      "",
    ]);
    expect([script, front]).toEqual([script, { ...bun, by: "front" }]);
  }
  const nowhere = await bothWays(shelf, shelf.strict, ways("/dev/null", 'exec "$@"'));
  expect(nowhere.front).toEqual({ ...nowhere.bun, by: "front" });
});

/** Runs landlockd with fd 7 to a pipe or socket: read afterwards into `record`, full, nobody's, or read a second late. */
const PROGRAM = `
import fcntl, os, socket, subprocess, sys, time
kind, state, argv = sys.argv[1], sys.argv[2], sys.argv[3:]
ends = socket.socketpair() if kind == "socket" else os.pipe()
read, write = [end.detach() if kind == "socket" else end for end in ends]
if state in ("full", "slow"):
    os.set_blocking(write, False)
    try:
        while True: os.write(write, b"x" * 4095 + b"\\n")
    except BlockingIOError: pass
    os.set_blocking(write, True)
if state == "nobody": os.close(read)
os.dup2(write, 7, inheritable=True)
os.close(write)
child = subprocess.Popen(argv, pass_fds=(7,))
os.close(7)
if state == "slow": time.sleep(1)
if state in ("read", "slow"):
    with os.fdopen(read, "rb") as file: lines = [line for line in file if line.startswith(b"{")]
    with open("record", "wb") as file: file.writelines(lines)
sys.exit(child.wait())
`;

function through(box: Box, kind: "pipe" | "socket", state: "read" | "full" | "nobody" | "slow"): string {
  return `exec /usr/bin/python3 ${box.write("sink.py", PROGRAM)} ${kind} ${state} "$@"`;
}

asUsers("pipes and sockets are sinks, and a reader that is merely slow gets all of it", async (box) => {
  const shelf = openShelf(box);
  for (const kind of ["pipe", "socket"] as const) {
    for (const state of ["read", "slow"] as const) {
      const { front, bun } = await bothWays(
        shelf,
        shelf.strict,
        ways("fd:7", through(box, kind, state), { sink: "record" }),
      );
      expect([kind, state, namesIn(bun.sink)]).toEqual([kind, state, EVENTS]);
      expect(bun).toMatchObject({ by: "bun", status: 5, stdout: RAN, stderr: "" });
      expect(front).toEqual({ ...bun, by: "front" });
    }
  }
});

asUsers("what a sink doesn't take is counted as by Bun, and stops no run", async (box) => {
  const shelf = openShelf(box);
  const cases: readonly (readonly [string, string, string])[] = [
    ["/dev/full", 'exec "$@"', "2 audit events were lost: ENOSPC"],
    ["fd:7", through(box, "pipe", "nobody"), "2 audit events were lost: EPIPE"],
    ["fd:7", through(box, "socket", "nobody"), "2 audit events were lost: EPIPE"],
    ["fd:7", through(box, "pipe", "full"), "2 audit events were lost: EAGAIN"],
    ["fd:7", through(box, "socket", "full"), "2 audit events were lost: EAGAIN"],
    // The first event fits into what the limit leaves, the second one only in part.
    ["record", 'ulimit -f 64; head -c 65200 /dev/zero >record; exec "$@"', "1 audit events were lost: EFBIG"],
  ];
  for (const [sink, script, lost] of cases) {
    const { front, bun } = await bothWays(shelf, shelf.strict, ways(sink, script));
    const told = { stdout: RAN, stderr: `landlockd: ${lost}\n`, sink: "" };
    expect([script, bun]).toEqual([script, { by: "bun", status: 5, signal: null, ...told }]);
    expect([script, front]).toEqual([script, { ...bun, by: "front" }]);
  }
});

asUsers("a sink goes on with a brokered run from the front to Bun, with what it hasn't taken yet", async (box) => {
  const stage = await openStage(box);
  const cases = [
    ["pipe", "read", ""],
    ["pipe", "slow", ""],
    ["socket", "slow", ""],
    ["pipe", "nobody", "EPIPE"],
    ["socket", "nobody", "EPIPE"],
    ["pipe", "full", "EAGAIN"],
  ] as const;
  for (const [kind, state, lost] of cases) {
    for (const listed of [true, false]) {
      const script = `${listed ? `cat ${stage.listed}; ` : ""}exit 5`;
      const sink = lost === "" ? { sink: "record" } : {};
      const options = ways("fd:7", through(box, kind, state), { argv: ["/bin/sh", "-c", script], ...sink });
      const { front, bun } = await bothWays(stage, stage.policy, options);
      const count = listed ? 3 : 2;
      const stderr = lost === "" ? "" : `landlockd: ${count} audit events were lost: ${lost}\n`;
      expect([kind, state, bun]).toMatchObject([kind, state, { by: "bun", status: 5, stderr }]);
      if (lost === "") expect(namesIn(bun.sink).length).toBe(count);
      expect([kind, state, listed, front]).toEqual([kind, state, listed, { ...bun, by: "front" }]);
    }
  }
});

asUsers("what isn't a sink is told as by Bun", async (box) => {
  const shelf = openShelf(box);
  await shelf.fill(shelf.strict);
  const sinks = ["fd:7", "fd:", "fd:x", "fd:1234567", "/no/such/folder/x", box.path("inside"), "-x"];
  for (const sink of sinks) {
    const { front, bun } = await bothWays(shelf, shelf.strict, ways(sink, 'exec "$@"'));
    expect([sink, bun.status, bun.stdout]).toEqual([sink, 125, ""]);
    expect([sink, front]).toEqual([sink, { ...bun, by: front.by }]);
  }
  const readOnly = await bothWays(shelf, shelf.strict, ways("fd:7", 'exec "$@" 7</dev/null'));
  expect(readOnly.bun).toMatchObject({ status: 125, stderr: expect.stringContaining("not open for writing") });
  expect(readOnly.front).toEqual({ ...readOnly.bun, by: readOnly.front.by });
});

asUsers("a FIFO's reader gets the record of a run that the front couldn't start", async (box) => {
  const shelf = openShelf(box);
  const { path, script } = fifo(box);
  const denied = box.write("outside/denied", "#!/bin/sh\n", 0o755);
  const { front, bun } = await bothWays(shelf, shelf.strict, ways(path, script, { argv: [denied], sink: "record" }));
  expect(bun).toMatchObject({ status: 126, sink: expect.stringContaining('"stage":"exec"') });
  expect(front).toEqual(bun);
});

asUsers("a terminal is a sink", async (box) => {
  const shelf = openShelf(box);
  await shelf.fill(shelf.strict);
  const before = shelf.fingerprint();
  const environment = Object.entries(shelf.env).map(([name, value]) => `${name}=${value}`);
  const argv = [landlockdPath(), "run", "--policy-file", shelf.strict, "--audit", "-", "--", "/bin/echo", "hello"];
  const session = openTerminal(box, ["/usr/bin/env", ...environment, ...argv]);
  expect((await session.ended()).status).toBe(0);
  await session.see(/"run.exit"/);
  expect(namesIn(session.screen())).toEqual(EVENTS);
  expect(shelf.fingerprint()).toBe(before);
});

/** Bytes as bash quotes them. */
const quoted = (bytes: Uint8Array): string =>
  `$'${[...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}'`;

/** Names of a command, as bytes: all that JSON escapes, all that UTF-8 forbids, and mixtures. */
function oddNames(): Uint8Array[] {
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
  const pieces = [
    ...["e2 80 a8", "f0 9f a6 80", "ef bb bf", "ef bf bd", "c3 a9", "41", "5c", "5c 78", "22", "0a", "7f"],
    ...["ed a0 80", "e0 80 80", "f0 8f bf bf", "f4 90 80 80", "f4 8f bf bf", "c0 80", "c1 bf", "c2", "e2 80", "80"],
    ...["f0 9f a6", "f5 80 80 80", "ff", "fe", "ed 9f bf", "ee 80 80", "e2 28 a1", "f0 28 8c bc", "c3 28", "e0 a0"],
  ].map((hex) => hex.split(" ").map((digits) => Number.parseInt(digits, 16)));
  let seed = 42;
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const mixture = (): number[] => Array.from({ length: 40 }, () => pieces[next(pieces.length)] ?? []).flat();
  const all = [range(1, 0x2f), range(0x30, 0x80), range(0x80, 0x100), pieces.flat()];
  return [...all, ...Array.from({ length: 12 }, mixture)].map((bytes) => new Uint8Array(bytes));
}

asUnprivileged("names are quoted as by Bun, whatever bytes they have", async (box) => {
  const shelf = openShelf(box);
  box.mkdir("inside/n");
  await shelf.fill(shelf.strict);
  for (const name of oddNames()) {
    const path = quoted(new Uint8Array([...Buffer.from(`${box.path("inside/n")}/`), ...name]));
    const script = `printf '#!/bin/sh\\n' >${path}; chmod +x ${path}; exec "\${@:1:$#-1}" ${path}`;
    const options = { argv: ["last"], flags: ["--audit", "record"], script, sink: "record" };
    const { front, bun } = await bothWays(shelf, shelf.strict, options);
    expect([path, namesIn(bun.sink)]).toEqual([path, EVENTS]);
    expect([path, front]).toEqual([path, { ...bun, by: "front" }]);
  }
});

async function jobId(shelf: Shelf, value: string): Promise<[string, string]> {
  const options = { argv: ["/bin/true"], flags: ["--audit", "record"], sink: "record" };
  const script = `export LANDLOCKD_JOB_ID=${value}; exec "$@"`;
  const { front, bun } = await bothWays(shelf, shelf.strict, { ...options, script });
  expect([value, front]).toEqual([value, { ...bun, by: front.by }]);
  return [front.by, bun.sink];
}

asUnprivileged("the job's name and the policy's are text: what isn't UTF-8 is left to Bun", async (box) => {
  const shelf = openShelf(box);
  await shelf.fill(shelf.strict);
  expect(await jobId(shelf, `$'a "b" \\\\ \\n \\xc3\\xa9'`)).toEqual([
    "front",
    expect.stringContaining('"job_id":"a \\"b\\" \\\\ \\n \u00c3\u00a9"'),
  ]);
  expect((await jobId(shelf, "''"))[0]).toBe("front");
  expect((await jobId(shelf, "$'\\xff'"))[0]).toBe("bun");
  for (const name of ['a "b" \\ \n é.toml', "built-in:strict"]) {
    const policy = box.write(name, readFileSync(shelf.strict));
    for (const given of [policy, name]) {
      const options = { argv: ["/bin/true"], flags: ["--audit", "record"], sink: "record" };
      const { front, bun } = await bothWays(shelf, given, options);
      expect([given, front]).toEqual([given, { ...bun, by: "front" }]);
    }
  }
  // A name that Bun doesn't take isn't the front's to take either.
  const script = `cp ${shelf.strict} $'n\\xff'; exec "\${@:1:3}" $'n\\xff' "\${@:5}"`;
  const prefix = ["/bin/bash", "-c", script, "bash"];
  const odd = await landlockd(box, ["run", "--policy-file", "x", "--", "/bin/true"], { prefix, env: shelf.env });
  expect(odd).toMatchObject({ status: 125, stderr: expect.stringContaining("isn't UTF-8") });
});
