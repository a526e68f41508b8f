import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { type RunResult, run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

/** Both ways to run a command: landlockd becomes it, or stays for the audit events. */
const WAYS = [false, true] as const;

async function shell(box: Box, script: string, audit: boolean): Promise<RunResult> {
  return await run(box, { policy: VERSION_ONLY, argv: ["/bin/sh", "-c", script], audit });
}

asUsers("the exit status is the workload's own", async (box) => {
  for (const audit of WAYS) {
    for (const status of [0, 1, 7, 125, 126, 127, 255]) {
      const result = await shell(box, `exit ${status}`, audit);
      expect(result).toMatchObject({ status, signal: null, stderr: "" });
    }
  }
});

asUsers("a signal that ends the workload ends landlockd", async (box) => {
  for (const audit of WAYS) {
    for (const signal of ["SIGTERM", "SIGKILL", "SIGSEGV", "SIGHUP", "SIGPIPE", "SIGXFSZ", "SIGABRT", "SIGUSR1"]) {
      const result = await shell(box, `ulimit -c 0; kill -${signal.slice(3)} $$`, audit);
      expect([audit, result.status, result.signal]).toEqual([audit, null, signal]);
    }
  }
});

asUsers("a command that isn't there: 127", async (box) => {
  for (const audit of WAYS) {
    for (const command of ["landlockd-no-such-command", "/proc/nonexistent/command", "./nowhere", ""]) {
      const result = await run(box, { policy: VERSION_ONLY, argv: [command], audit });
      expect([command, result.status, result.stdout]).toEqual([command, 127, ""]);
      expect(result.stderr).toMatch(/^landlockd: [^\n]+\n( {2}[^\n]+\n)?$/);
    }
  }
});

asUsers("a command that is there and can't be executed: 126", async (box) => {
  const commands = [
    box.mkdir("folder"),
    box.write("not-executable", "#!/bin/sh\n", 0o644),
    box.write("no-interpreter-line", "exit 0\n", 0o755),
    box.write("empty", "", 0o755),
    box.write("broken-elf", "\x7fELF and nothing more", 0o755),
    `${box.write("file", "")}/below-a-file`,
    box.symlink("symlink-loop", "symlink-loop"),
  ];
  for (const audit of WAYS) {
    for (const command of commands) {
      const result = await run(box, { policy: VERSION_ONLY, argv: [command], audit });
      expect([command, result.status, result.stdout]).toEqual([command, 126, ""]);
      expect(result.stderr).toContain(command);
      expect(result.stderr).toMatch(/^landlockd: [^\n]+\n( {2}[^\n]+\n)?$/);
    }
  }
});

asUsers("a script whose interpreter is missing is named with it", async (box) => {
  const script = box.write("script", "#!/proc/nonexistent/interpreter -x\n", 0o755);
  for (const audit of WAYS) {
    const result = await run(box, { policy: VERSION_ONLY, argv: [script], audit });
    // execve says ENOENT, but the command itself is there.
    expect(result.status).toBe(126);
    expect(result.stderr).toContain("/proc/nonexistent/interpreter");
  }
});

asUsers("a limit of file sizes that landlockd itself doesn't fit in is told in one line, with 125", async (box) => {
  const prefix = ["/bin/sh", "-c", 'ulimit -f 8; exec "$@"', "sh"];
  const result = await run(box, { policy: VERSION_ONLY, argv: ["/bin/true"], prefix });
  expect(result.status).toBe(125);
  expect(result.stderr).toMatch(/^landlockd: cannot start: [^\n]*ulimit -f[^\n]*\n$/);
});
