import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { probeArgv } from "../harness/claim.ts";
import { type RunResult, run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

/**
 * Runs attempts against landlockd itself, which stays because audit events are wanted. A shell prints its pid and
 * becomes landlockd, so that the pid is landlockd's own whatever process is the workload's parent.
 */
async function attack(box: Box, attempts: (pid: string) => readonly (readonly string[])[]): Promise<RunResult> {
  const marker = "LANDLOCKD_PID";
  const argv = probeArgv("proc", attempts(marker));
  const shell = `pid=$$; n=$#; while [ $n -gt 0 ]; do a=$1; shift; [ "$a" = ${marker} ] && a=$pid; set -- "$@" "$a"; n=$((n-1)); done; exec "$@"`;
  return await run(box, { policy: VERSION_ONLY, argv, audit: true, prefix: ["sh", "-c", shell, "sh"] });
}

/** Each attempt against landlockd by its pid and against the workload's parent. */
const both = (...attempt: string[]): ((pid: string) => string[][]) => {
  const [name = "", ...rest] = attempt;
  return (pid) => [
    [name, pid, ...rest],
    [name, "0", ...rest],
  ];
};

function expectAll(result: RunResult, attempts: readonly (readonly string[])[], outcome: string): void {
  expect(result.stdout.trimEnd().split("\n")).toEqual(attempts.map(([name = ""]) => `${name} ${outcome}`));
  expect({ status: result.status, signal: result.signal }).toEqual({ status: 0, signal: null });
  expect(result.events.map((event) => event.event)).toEqual(["run.start", "run.exit"]);
}

asUsers("landlockd can't be traced, read or limited by its workload", async (box) => {
  const kinds = [
    both("ptrace_attach"),
    both("ptrace_seize"),
    both("process_vm_readv", "0x200000"),
    both("process_vm_writev", "0x200000"),
    both("pidfd_getfd"),
    both("kcmp"),
    both("prlimit_set"),
  ];
  const attempts = (pid: string): string[][] => kinds.flatMap((kind) => kind(pid));
  expectAll(await attack(box, attempts), attempts(""), "EPERM");
});

asUsers("/proc shows the workload nothing of landlockd", async (box) => {
  const kinds = [
    both("open_mem"),
    both("read_proc", "environ"),
    both("read_proc", "maps"),
    both("read_proc", "auxv"),
    both("list_proc", "root"),
    both("list_proc", "cwd"),
    both("readlink_proc", "exe"),
    both("readlink_proc", "cwd"),
    both("readlink_proc", "fd/0"),
  ];
  const attempts = (pid: string): string[][] => kinds.flatMap((kind) => kind(pid));
  expectAll(await attack(box, attempts), attempts(""), "EACCES");
});

asUsers("no signal of the workload reaches landlockd", async (box) => {
  const SIGKILL = "9";
  const SIGSTOP = "19";
  const kinds = [
    both("kill", SIGKILL),
    both("kill", SIGSTOP),
    both("tkill", SIGKILL),
    both("tgkill", SIGKILL),
    both("pidfd_send_signal", SIGKILL),
  ];
  const attempts = (pid: string): string[][] => kinds.flatMap((kind) => kind(pid));
  expectAll(await attack(box, attempts), attempts(""), "EPERM");
});

asUsers("landlockd survives a deadly signal by asynchronous I/O", async (box) => {
  const SIGKILL = "9";
  const attempts = both("sigio", SIGKILL);
  expectAll(await attack(box, attempts), attempts(""), "OK");
});
