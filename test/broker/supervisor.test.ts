import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { probeArgv } from "../harness/claim.ts";
import { run } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { naiveArgv } from "./naive.ts";
import { brokered, prepare } from "./policies.ts";

/** SIGCONT: does nothing to who runs. */
const HARMLESS = "18";
const EVERY_CALL: readonly (readonly [attempt: readonly string[], errno: string])[] = [
  [["ptrace_attach"], "EPERM"],
  [["ptrace_seize"], "EPERM"],
  [["process_vm_readv", "0x400000"], "EPERM"],
  [["pidfd_getfd"], "EPERM"],
  [["kcmp"], "EPERM"],
  [["prlimit_set"], "EPERM"],
  [["open_mem"], "EACCES"],
  [["read_proc", "environ"], "EACCES"],
  [["read_proc", "maps"], "EACCES"],
  [["list_proc", "cwd"], "EACCES"],
  [["list_proc", "root"], "EACCES"],
  [["readlink_proc", "exe"], "EACCES"],
  [["readlink_proc", "fd/0"], "EACCES"],
  [["kill", HARMLESS], "EPERM"],
  [["tkill", HARMLESS], "EPERM"],
  [["tgkill", HARMLESS], "EPERM"],
  [["pidfd_send_signal", HARMLESS], "EPERM"],
  [["rt_sigqueueinfo", HARMLESS], "EPERM"],
];

/** The attempts on a process, and what each came to. */
function attemptsOn(pid: string): string[][] {
  return EVERY_CALL.map(([[name = "", ...rest]]) => [name, pid, ...rest]);
}

function outcomes(stdout: string): string[] {
  return stdout.trimEnd().split("\n");
}

/** A shell that prints its pid into what follows, for MARKER, and becomes it: the pid is the broker's own. */
const MARKER = "BROKER_PID";
const KNOWN: readonly string[] = [
  "/bin/sh",
  "-c",
  `pid=$$; n=$#; while [ $n -gt 0 ]; do a=$1; shift; [ "$a" = ${MARKER} ] && a=$pid; set -- "$@" "$a"; n=$((n-1)); done; exec "$@"`,
  "sh",
];

/** Runs the attempts on the broker by its pid, and then uses it: it must still serve; or on the workload's parent. */
async function held(box: Box, listed: string, pid: string): Promise<string[]> {
  const argv = probeArgv("proc", attemptsOn(pid));
  // Its parent is the probe's own only where no shell is in between.
  const used = ["/bin/sh", "-c", `"$@"; exec ${probePath("fs")} read_openat ${listed}`, "sh", ...argv];
  const grants = ["/bin", "/usr", "/lib", "/lib64"].map((path) => ({
    path,
    rights: ["execute", "read_file"],
    optional: true,
  }));
  // What /proc shows is granted: it is the broker that shows nothing.
  const policy = brokered({ allow_read: [listed], scratch: [box.path("scratch")] }, [
    ...grants,
    { path: "/proc", rights: ["read_file", "read_dir"] },
  ]);
  const result = await run(box, { policy, argv: pid === MARKER ? used : argv, prefix: KNOWN });
  expect([result.stderr, result.status]).toEqual(["", 0]);
  return outcomes(result.stdout);
}

asUsers("a workload can't signal, trace, read or limit the broker that serves it", async (box) => {
  const { listed } = prepare(box);
  // The broker that takes no care of itself is its workload's parent, and open to all of it. This one traps no opens.
  const naive = await runProcess(box, naiveArgv(box, "judging", probeArgv("proc", attemptsOn("0"))));
  expect(outcomes(naive.stdout)).toEqual(EVERY_CALL.map(([[name = ""]]) => `${name} OK`));
  for (const pid of [MARKER, "0"]) {
    expect(await held(box, listed, pid)).toEqual([
      ...EVERY_CALL.map(([[name = ""], errno]) => `${name} ${errno}`),
      ...(pid === MARKER ? ["read_openat OK"] : []),
    ]);
  }
});
