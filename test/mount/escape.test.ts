import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers, skipped } from "../harness/cases.ts";
import { probeArgv } from "../harness/claim.ts";
import { run, runArgv } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { mountOnly, obstacle, prepareRoot } from "./prepared.ts";

if (obstacle !== undefined) skipped("escapes from a root", obstacle);
else escapes();

interface Attempt {
  readonly argv: readonly [string, ...string[]];
  readonly outside: string;
  readonly inside: string;
}

/** A folder of the host as fd 5 of landlockd, which the workload must not get. */
const LEAK: readonly string[] = ["sh", "-c", 'exec "$@" 5</usr', "sh"];

/** The probe bare, on the host, and then in a root, under no file rules: only the mounts hold it. */
async function expectEscapes(box: Box, attempts: readonly Attempt[]): Promise<void> {
  const root = prepareRoot(box);
  const own = ["unshare", ...(box.user.uid === 0 ? [] : ["-Ur"]), "-m"];
  const argv = attempts.map((attempt) => attempt.argv);
  const outside = argv.map((words) => words.map((word) => word.replace("/proc/1/", `/proc/${process.pid}/`)));
  const bare = await runProcess(box, [...own, ...LEAK, ...probeArgv("escape", outside)]);
  expect(bare.stdout.trimEnd().split("\n")).toEqual(attempts.map((each) => `${each.argv[0]} ${each.outside}`));
  const tables = [
    `[runtime]\nroot = "${root}"`,
    `[mount]\nproc = ["${root}/proc"]\ntmpfs = ["${root}/tmp"]`,
    `bind = [{ source = "${box.mkdir("source")}", target = "${root}/work" }]`,
    '[seccomp]\nallow = ["mounts", "namespaces"]',
  ];
  const inside = ["/bin/probe", ...probeArgv("escape", argv).slice(1)];
  const confined = await run(box, { policy: mountOnly(...tables), prefix: LEAK, argv: inside });
  expect(confined.stderr).toBe("");
  expect(confined.stdout.trimEnd().split("\n")).toEqual(attempts.map((each) => `${each.argv[0]} ${each.inside}`));
}

/** With the filter's lines on mounts and namespaces opened: what holds is the kernel, for want of capabilities. */
function escapes(): void {
  asUsers("no way out of the root: .., chroot twice, /proc/1/root, other fds, setns", async (box) => {
    // Outside, /proc/1 is this process's: root may look into it.
    const traced = box.user.uid === 0 ? "OK" : "EACCES";
    await expectEscapes(box, [
      { argv: ["leaked"], outside: "OK", inside: "EBADF" },
      { argv: ["climb"], outside: "OK", inside: "ENOENT" },
      { argv: ["climb_openat"], outside: "OK", inside: "ENOENT" },
      { argv: ["proc_link", "/proc/1/root"], outside: traced, inside: "EACCES" },
      { argv: ["proc_link", "/proc/1/cwd"], outside: box.user.uid === 0 ? "ENOENT" : "EACCES", inside: "EACCES" },
      { argv: ["proc_link", "/proc/self/root"], outside: "OK", inside: "ENOENT" },
      { argv: ["setns", "/proc/1/ns/mnt"], outside: traced, inside: "EACCES" },
      { argv: ["chroot_twice", "/tmp"], outside: "OK", inside: "EPERM" },
    ]);
  });

  asUsers("no mount can be undone, made writable or laid over another", async (box) => {
    await expectEscapes(box, [
      { argv: ["remount_rw", "/work"], outside: "EINVAL", inside: "EPERM" },
      { argv: ["mount_over", "/tmp", "/proc"], outside: "OK", inside: "EPERM" },
      { argv: ["umount", "/tmp"], outside: "EINVAL", inside: "EPERM" },
      { argv: ["umount", "/work"], outside: "EINVAL", inside: "EPERM" },
      { argv: ["umount", "/proc"], outside: "OK", inside: "EPERM" },
    ]);
  });

  asUsers("a folder as stdin would be a way out: refused with a root, and no way out is left", async (box) => {
    const root = prepareRoot(box);
    const argv = runArgv(box, { policy: mountOnly(`[runtime]\nroot = "${root}"`), argv: ["/bin/probe", "stdio_up"] });
    const bare = await runProcess(box, ["sh", "-c", `${probePath("escape")} stdio_up </usr`]);
    expect(bare.stdout).toBe("stdio_up OK\n");
    const confined = await runProcess(box, ["sh", "-c", 'exec "$@" </usr', "sh", ...argv]);
    expect(confined).toMatchObject({ status: 125, stdout: "" });
    expect(confined.stderr).toContain("stdin, stdout or stderr is a folder");
  });
}
