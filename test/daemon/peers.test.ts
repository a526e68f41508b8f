import { expect } from "bun:test";
import { encodeFrame, KINDS } from "../../src/daemon/frame.ts";
import type { Box } from "../harness/box.ts";
import { asRoot, asUsers } from "../harness/cases.ts";
import { type Daemon, startDaemon } from "../harness/daemon.ts";
import { landlockdPath, run } from "../harness/landlockd.ts";
import { layer, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { type ProcessResult, runProcess } from "../harness/process.ts";

const REFUSED = "landlockd: the process that asks is itself in a sandbox\n";
const PYTHON = "/usr/bin/python3";

/** Connects and leaves the connection at fd 0 of a command. */
const INHERIT = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.recv(65536)
os.dup2(s.fileno(), 0)
if sys.argv[2] == "fork" and os.fork():
    os.wait()
else:
    os.execv(sys.argv[3], sys.argv[3:])
`;

/** Asks for the status on fd 0 and prints the kind of the answer. */
const ASK = `
import socket, sys
s = socket.socket(fileno=0)
s.send(bytes.fromhex(sys.argv[1]))
print(int.from_bytes(s.recv(65536)[6:8], "little"))
`;

const STATUS = Buffer.from(encodeFrame("status")).toString("hex");

async function held(box: Box, daemon: Daemon, prefix: readonly string[]): Promise<ProcessResult> {
  const policy = box.write("lax.toml", VERSION_ONLY);
  const inner = [
    landlockdPath(),
    "run",
    "--socket",
    daemon.socket,
    "--policy-file",
    policy,
    "--",
    "/bin/echo",
    "laxer",
  ];
  return await runProcess(box, [...prefix, ...inner]);
}

asUsers("a job can't ask the daemon for a laxer policy, nor can a job's child", async (box) => {
  const daemon = await startDaemon(box);
  expect((await held(box, daemon, [])).stdout).toBe("laxer\n");
  const strict = box.write("strict.toml", VERSION_ONLY + layer(["make_dir"], []));
  const direct = [landlockdPath(), "run", "--policy-file", strict, "--"];
  const job = [landlockdPath(), "run", "--socket", daemon.socket, "--policy-file", strict, "--"];
  for (const prefix of [
    direct,
    job,
    [...job, "/bin/sh", "-c", '"$@" & wait $!', "sh"],
    [...job, "/usr/bin/setsid", "-w"],
  ]) {
    const result = await held(box, daemon, prefix);
    expect([result.status, result.stdout, result.stderr]).toEqual([125, "", REFUSED]);
  }
  const denied = daemon.events().filter((each) => each.event === "daemon.peer" && each["decision"] === "deny");
  // A client in the front asks, and once more in Bun, which can explain.
  expect(denied.length).toBe(8);
});

asUsers("other sandboxes are sandboxes too: no_new_privs, a seccomp filter", async (box) => {
  const daemon = await startDaemon(box);
  for (const prefix of [
    ["/usr/bin/setpriv", "--no-new-privs"],
    [probePath("with"), "enosys=pidfd", "--"],
  ]) {
    const result = await held(box, daemon, prefix);
    expect([result.status, result.stdout, result.stderr]).toEqual([125, "", REFUSED]);
  }
});

asUsers("status and stop are refused to a job as well", async (box) => {
  const daemon = await startDaemon(box);
  for (const command of ["status", "stop"]) {
    const argv = [landlockdPath(), command, "--socket", daemon.socket];
    const result = await run(box, { policy: VERSION_ONLY, argv });
    expect([result.status, result.stderr]).toEqual([2, REFUSED]);
  }
  expect((await daemon.status()).runs.refused).toBe(2);
});

asUsers("a connection made before is worth nothing in the sandbox", async (box) => {
  const daemon = await startDaemon(box);
  const policy = box.write("policy.toml", VERSION_ONLY);
  const [inherit, ask] = [box.write("inherit.py", INHERIT), box.write("ask.py", ASK)];
  const asking = [PYTHON, ask, STATUS];
  const becoming = [landlockdPath(), "run", "--policy-file", policy, "--", ...asking];
  const supervised = [landlockdPath(), "run", "--audit", "/dev/null", "--policy-file", policy, "--", ...asking];
  const answer = async (how: "exec" | "fork", argv: readonly string[]): Promise<string> =>
    (await runProcess(box, [PYTHON, inherit, daemon.socket, how, ...argv])).stdout.trim();
  expect(await answer("exec", asking)).toBe(`${KINDS.report}`);
  expect(await answer("fork", asking)).toBe(`${KINDS.report}`);
  for (const how of ["exec", "fork"] as const) {
    expect(await answer(how, becoming)).toBe(`${KINDS.refused}`);
    expect(await answer(how, supervised)).toBe(`${KINDS.refused}`);
  }
});

/** Asks as {@link ASK}, by a name of its own. */
const ASK_BY_NAME = `
import ctypes, sys
if ctypes.CDLL(None).prctl(15, sys.argv[2].encode(), 0, 0, 0) != 0:
    sys.exit("PR_SET_NAME")
${ASK}`;

asUsers("a job isn't taken for another by what it puts into its name, the first line of its status", async (box) => {
  const daemon = await startDaemon(box);
  const [inherit, ask] = [box.write("inherit.py", INHERIT), box.write("ask.py", ASK_BY_NAME)];
  const answer = async (name: string, ...prefix: string[]): Promise<string> => {
    const argv = [PYTHON, inherit, daemon.socket, "exec", ...prefix, PYTHON, ask, STATUS, name];
    return (await runProcess(box, argv)).stdout.trim();
  };
  const confined = ["/usr/bin/setpriv", "--no-new-privs"];
  for (const end of ["\r", "\u2028", "\u0085", "\n", "\v", "\f"]) {
    expect(await answer(`${end}NoNewPrivs:0`)).toBe(`${KINDS.report}`);
    expect(await answer(`${end}NoNewPrivs:0`, ...confined)).toBe(`${KINDS.refused}`);
  }
});

asUsers("with --policy-dir only policies of that folder are run, by name", async (box) => {
  box.write("policies/work.toml", `${VERSION_ONLY}[runtime]\ncwd = "\${POLICY_DIR}"\n`);
  box.write("policies/broken.toml", "version = 9\n");
  box.write("elsewhere.toml", VERSION_ONLY);
  box.symlink(box.path("elsewhere.toml"), "policies/.hidden.toml");
  const daemon = await startDaemon(box, ["--policy-dir", box.path("policies")]);
  const ask = async (...flags: string[]): Promise<ProcessResult> =>
    await runProcess(box, [landlockdPath(), "run", "--socket", daemon.socket, ...flags, "--", "/bin/pwd"]);
  const work = await ask("--policy", "work");
  expect([work.status, work.stdout, work.stderr]).toEqual([0, `${box.path("policies")}\n`, ""]);
  for (const flags of [
    ["--policy-file", box.path("elsewhere.toml")],
    ["--policy", "ci-default"],
    ["--policy", "../elsewhere"],
    ["--policy", ".hidden"],
    ["--policy", "broken"],
  ]) {
    const result = await ask(...flags);
    expect([flags, result.status, result.stdout]).toEqual([flags, 125, ""]);
    expect(result.stderr).toMatch(/^landlockd: [^\n]+\n( {2}[^\n]+\n)?$/);
  }
});

asRoot("another user is refused; root is let in for status when that is configured, never for a run", async (box) => {
  const unprivileged = (argv: readonly string[]): string[] => [
    "/usr/bin/setpriv",
    "--reuid=61234",
    "--clear-groups",
    ...argv,
  ];
  const daemon = await startDaemon(box);
  // Past the folder's and the socket's mode, so that the daemon itself decides.
  const open = await runProcess(box, ["/bin/chmod", "-R", "0777", box.path("daemon")]);
  expect(open.status).toBe(0);
  const other = await runProcess(box, unprivileged([landlockdPath(), "status", "--socket", daemon.socket]));
  expect(other.status).toBe(2);
  expect(other.stdout).toBe("");
  expect(daemon.events().at(-1)).toMatchObject({ event: "daemon.peer", uid: 61234, decision: "deny" });
});
