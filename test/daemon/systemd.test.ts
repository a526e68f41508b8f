import { expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { asUsers, skipped, testUnless } from "../harness/cases.ts";
import { socketFolder } from "../harness/daemon.ts";
import { landlockdPath } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { argvAs, baseEnv, runProcess } from "../harness/process.ts";
import { until } from "../harness/within.ts";

const UNITS = resolve(import.meta.dir, "../../systemd");
const missing = (program: string): string | undefined =>
  Bun.which(program) === null ? `${program}: not found; apt-get install systemd` : undefined;

/** The units as `make install` leaves them, with an executable that exists. */
function installed(): Disposable & { readonly files: readonly string[]; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "landlockd-units-"));
  mkdirSync(join(folder, "runtime"), { mode: 0o700 });
  const files = ["landlockd.service", "landlockd.socket"].map((name) => {
    const text = readFileSync(join(UNITS, name), "utf8").replaceAll("@BINDIR@/landlockd", landlockdPath());
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  });
  return { files, folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

function analyze(folder: string, args: readonly string[]): { readonly status: number; readonly output: string } {
  const env = { PATH: "/usr/bin:/bin", XDG_RUNTIME_DIR: join(folder, "runtime"), HOME: folder };
  const child = Bun.spawnSync(["systemd-analyze", ...args], { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  return { status: child.exitCode, output: child.stdout.toString() + child.stderr.toString() };
}

testUnless(missing("systemd-analyze"), "systemd-analyze verify finds nothing wrong with the units", () => {
  using units = installed();
  expect(analyze(units.folder, ["verify", "--user", "--man=no", ...units.files])).toEqual({ status: 0, output: "" });
});

testUnless(missing("systemd-analyze"), "systemd-analyze security: exposure 4.0 or less", () => {
  using units = installed();
  const { output } = analyze(units.folder, ["security", "--offline=yes", "--user", units.files[0] ?? ""]);
  expect(Number(/exposure level for landlockd\.service: ([\d.]+)/.exec(output)?.[1])).toBeLessThanOrEqual(4);
});

if (missing("systemd-socket-activate") !== undefined) {
  skipped("socket activation", missing("systemd-socket-activate") ?? "");
} else {
  asUsers("socket activation: the daemon serves the socket that it was handed, and no job has it", async (box) => {
    const socket = `${socketFolder(box)}/socket`;
    const notified = box.path("notified");
    const listener = `import socket; s=socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("${box.path("notify")}")
while True: open("${notified}", "ab").write(s.recv(4096) + b"\\n")`;
    const receiver = Bun.spawn(argvAs(box, ["/usr/bin/python3", "-c", listener]), { stdin: "ignore", cwd: box.dir });
    box.defer(() => receiver.kill("SIGKILL"));
    await until("the notify socket", () => existsSync(box.path("notify")) || undefined);
    const activate = [
      "systemd-socket-activate",
      "-l",
      socket,
      "--seqpacket",
      "--fdname=landlockd",
      "-E",
      `NOTIFY_SOCKET=${box.path("notify")}`,
    ];
    const argv = argvAs(box, [...activate, landlockdPath(), "serve", "--systemd"]);
    const child = Bun.spawn(argv, {
      env: baseEnv(box),
      cwd: box.dir,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    box.defer(() => child.kill("SIGKILL"));
    await until("the socket", () => existsSync(socket) || undefined);
    const policy = box.write("policy.toml", VERSION_ONLY);
    const run = [landlockdPath(), "run", "--socket", socket, "--policy-file", policy, "--", probePath("state")];
    const result = await runProcess(box, run);
    expect([result.status, result.stderr]).toEqual([0, ""]);
    expect(result.stdout).toMatch(/^fds 0 1 2$/m);
    const status = await runProcess(box, [landlockdPath(), "status", "--socket", socket]);
    expect(status.stdout).toContain(socket);
    expect(readFileSync(notified, "utf8")).toContain("READY=1");
    expect((await runProcess(box, [landlockdPath(), "stop", "--socket", socket])).status).toBe(0);
    expect(await child.exited).toBe(0);
    // It belongs to the service manager.
    expect(existsSync(socket)).toBe(true);
    await until("STOPPING", () => (readFileSync(notified, "utf8").includes("STOPPING=1") ? true : undefined));
  });
}

asUsers("--systemd without a socket that was handed over is refused", async (box) => {
  for (const env of [{}, { LISTEN_PID: "1", LISTEN_FDS: "1" }, { LISTEN_FDS: "1" }]) {
    const result = await runProcess(box, [landlockdPath(), "serve", "--systemd"], { env: { ...baseEnv(box), ...env } });
    expect([result.status, result.stdout]).toEqual([2, ""]);
    expect(result.stderr).toMatch(/^landlockd: [^\n]+\n( {2}[^\n]+\n)?$/);
  }
});

test("the service has no setting that would take the daemon out of its user's namespaces", () => {
  const text = readFileSync(join(UNITS, "landlockd.service"), "utf8");
  expect(text).not.toMatch(/^(Protect(System|Home|Proc|Kernel)|Private(Tmp|Users|Devices|Mounts|Network))/m);
});
