import { expect } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { asRoot, asUsers, skipped } from "../harness/cases.ts";
import { probeArgv } from "../harness/claim.ts";
import { run, runArgv } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { argvAs, baseEnv } from "../harness/process.ts";
import { until } from "../harness/within.ts";
import { brokered } from "./brokered.ts";
import { fsLayer, mountOnly, obstacle, prepareRoot, runScript } from "./prepared.ts";

if (obstacle !== undefined) skipped("brokered mounts in a root", obstacle);
else rootTests();

function rootTests(): void {
  asUsers("in a root, declared host paths are the paths inside; sources stay those of the host", async (box) => {
    const root = prepareRoot(box);
    copyFileSync(probePath("mounting"), join(root, "bin/mounting"));
    const source = box.mkdir("source");
    box.write("source/file", "");
    // Landlock looks at what is above a mount, not at what it covers: the rule is on the folder above.
    box.mkdir("root/tmp/mine");
    const policy = mountOnly(
      `[runtime]\nroot = "${root}"`,
      `[mount]\nproc = ["${root}/proc"]`,
      `[broker]\nmount_tmpfs = ["${root}/tmp/mine"]`,
      `mount_bind = [{ source = "${source}", target = "${root}/work" }]`,
      `mount_object = [{ name = "proc", fs_type = "proc", attach = ["${root}/etc"], attrs = [] }]`,
      fsLayer([root], [`${root}/tmp`, `${root}/work`]),
    );
    const steps = [
      [["mount_tmpfs", "/tmp/mine"], "OK"],
      [["touch", "/tmp/mine/file"], "OK"],
      [["mount_bind", source, "/work"], "OK"],
      [["touch", "/work/file"], "EROFS"],
      [["umount", "/work"], "OK"],
      [["mount_bind", source, "/tmp"], "EPERM"],
      [["fsopen", "proc"], "OK"],
      [["fscreate"], "OK"],
      [["fsmount"], "OK"],
      [["attach", "/tmp"], "EPERM"],
      [["attach", "/etc"], "OK"],
      [["mount_tmpfs", `${root}/tmp/mine`], "EPERM"],
      [["mount_tmpfs", "/bin"], "EPERM"],
      [["umount", "/proc"], "EPERM"],
    ] as const;
    const argv = [
      "/bin/mounting",
      ...probeArgv(
        "mounting",
        steps.map(([attempt]) => attempt),
      ).slice(1),
    ];
    const result = await run(box, { policy, argv });
    expect(result.stderr).toBe("");
    expect(result.stdout.trimEnd().split("\n")).toEqual(steps.map(([[name], outcome]) => `${name} ${outcome}`));
    expect(readdirSync(join(root, "tmp/mine"))).toEqual([]);
  });
}

asUsers("the workload has no capability while others mount for it, nor does what it starts", async (box) => {
  const target = box.mkdir("target");
  const policy = brokered(box, `[broker]\nmount_tmpfs = ["${target}"]`);
  const script = `busybox mount -t tmpfs none ${target} && grep ^Cap /proc/self/status; touch ${target}/x && ls ${target}`;
  const result = await runScript(box, policy, script);
  expect(result.stderr).toBe("");
  expect(result.stdout.match(/^Cap(?:Inh|Prm|Eff|Amb):\t0+$/gm)?.length).toBe(4);
  expect(result.stdout.endsWith("x\n")).toBe(true);
});

asRoot("mount(8) and umount(8) work on what is declared, and say why not on all else", async (box) => {
  const [source, target] = [box.mkdir("source"), box.mkdir("target")];
  box.write("source/file", "data\n");
  const table = `[broker]\nmount_tmpfs = ["${target}"]\nmount_bind = [{ source = "${source}", target = "${target}" }]`;
  const policy = brokered(box, table);
  const script = [
    `mount -t tmpfs none ${target} && umount ${target} && echo tmpfs`,
    `mount --bind ${source} ${target} && cat ${target}/file && umount ${target}`,
    `mount -t tmpfs none ${source}`,
  ];
  const result = await run(box, { policy, argv: ["/bin/sh", "-c", script.join("; ")] });
  expect(result.stdout).toBe("tmpfs\ndata\n");
  expect(result.stderr).toContain("permission denied");
});

asUsers("a denied call stays denied, whatever the broker would answer", async (box) => {
  const target = box.mkdir("target");
  const policy = brokered(box, `[broker]\nmount_tmpfs = ["${target}"]\n[seccomp]\ndeny = ["mount"]\nerrno = 95`);
  const result = await run(box, { policy, argv: probeArgv("mounting", [["mount_tmpfs", target]]), audit: true });
  expect(result.stdout).toBe("mount_tmpfs EOPNOTSUPP\n");
  expect(result.events.some(({ event }) => event === "broker.mount")).toBe(false);
});

asUsers("SIGKILL of landlockd while the workload mounts and unmounts leaves nothing", async (box) => {
  const target = box.mkdir("target");
  const policy = brokered(box, `[broker]\nmount_tmpfs = ["${target}"]`);
  const script = `while :; do busybox mount -t tmpfs none ${target}; touch ${box.dir}/inside/up; busybox umount ${target}; done`;
  const before = readFileSync("/proc/self/mountinfo", "utf8");
  const child = Bun.spawn(argvAs(box, runArgv(box, { policy, argv: ["/bin/busybox", "sh", "-c", script] })), {
    env: baseEnv(box),
    cwd: box.dir,
    stdout: "ignore",
    stderr: "ignore",
  });
  await until("the workload", () => (existsSync(box.path("inside/up")) ? true : undefined));
  await Bun.sleep(50);
  child.kill("SIGKILL");
  await child.exited;
  const isOver = (): true | undefined => {
    const left = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && commandOf(name).includes(box.dir));
    return left.length === 0 ? true : undefined;
  };
  await until("the end of all", isOver, 5000);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(before);
  expect(readdirSync(target)).toEqual([]);
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return ""; // it ended meanwhile
  }
}
