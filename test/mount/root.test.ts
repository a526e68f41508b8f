import { expect } from "bun:test";
import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { asUsers, skipped } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { SUITE_IS_ROOT } from "../harness/user.ts";
import { fsLayer, mountOnly, obstacle, prepareRoot, runOnHost, runScript } from "./prepared.ts";

if (obstacle !== undefined) skipped("roots", obstacle);
else rootTests();

function rootTests(): void {
  asUsers("the root is all that there is, and cwd and command are paths inside it", async (box) => {
    const root = prepareRoot(box);
    const runtime = `[runtime]\nroot = "${root}"\ncwd = "/work"`;
    const result = await run(box, { policy: mountOnly(runtime), argv: ["ls", "/"], cwd: "/usr" });
    expect(result).toMatchObject({ status: 0, stdout: "bin\ndev\netc\nproc\ntmp\nwork\n", stderr: "" });
    const cwd = await runScript(box, mountOnly(runtime), "pwd; pwd -P; ls -A ..");
    expect(cwd.stdout).toBe("/work\n/work\nbin\ndev\netc\nproc\ntmp\nwork\n");
    const without = await runScript(box, mountOnly(`[runtime]\nroot = "${root}"`), "pwd", { cwd: "/usr" });
    expect(without.stdout).toBe("/\n");
  });

  asUsers("a command, a working directory or a root that isn't there: one clear error each", async (box) => {
    const root = prepareRoot(box);
    const policy = mountOnly(`[runtime]\nroot = "${root}"`);
    // /usr/bin/env is on the host, not in the root.
    const command = await run(box, { policy, argv: ["/usr/bin/env"] });
    expect(command).toMatchObject({ status: 127, stdout: "" });
    expect(command.stderr).toContain('cannot execute "/usr/bin/env"');
    const cwd = await runScript(box, mountOnly(`[runtime]\nroot = "${root}"\ncwd = "/usr"`), "echo ran");
    expect(cwd).toMatchObject({ status: 125, stdout: "" });
    expect(cwd.stderr).toContain('cannot enter the working directory "/usr"');
    const absent = await runScript(box, mountOnly(`[runtime]\nroot = "${box.path("absent")}"`), "echo ran");
    expect(absent).toMatchObject({ status: 125, stdout: "" });
    expect(absent.stderr).toContain("policy.toml:3:8: cannot prepare the root");
    const file = await runScript(box, mountOnly(`[runtime]\nroot = "${join(root, "bin/busybox")}"`), "echo ran");
    expect(file).toMatchObject({ status: 125, stdout: "" });
  });

  asUsers("mounts, proc and rules together, beneath the root; nothing is written into it", async (box) => {
    const root = prepareRoot(box);
    const project = box.mkdir("project");
    const before = readdirSync(root, { recursive: true }).toSorted();
    const policy = mountOnly(
      `[runtime]\nroot = "${root}"\ncwd = "/work"`,
      `[mount]\ntmpfs = ["${root}/tmp"]\nproc = ["${root}/proc"]`,
      `bind = [{ source = "${project}", target = "${root}/work", read_only = false },`,
      `{ source = "/dev/null", target = "${root}/dev/null", read_only = false }]`,
      fsLayer([root], [`${root}/work`, `${root}/tmp`], [`${root}/dev/null`]),
    );
    const script = [
      "touch made && echo work",
      "touch /tmp/made && echo tmp",
      "echo x > /dev/null && echo null",
      "touch /bin/made || echo closed",
      // The init and this shell; a pipe would add as many as happen to have started.
      "set -- /proc/[0-9]*; echo $#",
      "cat /proc/self/attr/current >/dev/null 2>&1; echo end",
    ];
    const result = await runScript(box, policy, script.join("; "));
    expect(result.stdout).toBe("work\ntmp\nnull\nclosed\n2\nend\n");
    expect(readdirSync(project)).toEqual(["made"]);
    expect(readdirSync(root, { recursive: true }).toSorted()).toEqual(before);
  });

  asUsers("an absolute symlink in the root leads where it leads inside, for mounts and for rules", async (box) => {
    const root = prepareRoot(box);
    box.mkdir("root/data");
    box.write("root/data/file", "inside\n");
    symlinkSync("/data", join(root, "link"));
    const rule = fsLayer([`${root}/bin`, `${root}/link`]);
    const ruled = await runScript(box, mountOnly(`[runtime]\nroot = "${root}"`, rule), "cat /data/file; ls /etc");
    expect(ruled.stdout).toBe("inside\n");
    expect(ruled.stderr).toContain("Permission denied");
    const mounts = mountOnly(`[runtime]\nroot = "${root}"\n[mount]\ntmpfs = ["${root}/link"]`);
    const mounted = await runScript(box, mounts, "ls -A /data; touch /data/x; echo $?");
    expect(mounted).toMatchObject({ stdout: "0\n", stderr: "" });
    expect(readdirSync(join(root, "data"))).toEqual(["file"]);
  });

  if (SUITE_IS_ROOT) {
    asUsers("what the host has mounted beneath the root is there inside", async (box) => {
      const root = prepareRoot(box);
      const prepare = `mount -t tmpfs -o mode=0777 tmpfs ${root}/work; echo below > ${root}/work/file`;
      const result = await runOnHost(box, prepare, mountOnly(`[runtime]\nroot = "${root}"`), "cat /work/file");
      expect(result).toMatchObject({ status: 0, stdout: "below\n", stderr: "" });
    });
  } else {
    skipped("mounts of the host beneath the root", "the suite runs unprivileged");
  }
}
