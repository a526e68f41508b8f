import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Box } from "../harness/box.ts";
import { asRoot, asUsers, skipped } from "../harness/cases.ts";
import { type RunResult, run } from "../harness/landlockd.ts";
import { fsLayer, mountOnly, runScript } from "./prepared.ts";

const LINKS: readonly string[] = ["bin", "sbin", "lib", "lib64"];

/** This host's own system, bound read-only into an otherwise empty root; the links of a merged /usr are the root's. */
function debianRoot(box: Box): { readonly root: string; readonly policy: string } {
  const root = box.mkdir("root");
  for (const folder of ["usr", "etc", "proc", "tmp", "work", "dev"]) mkdirSync(join(root, folder));
  for (const link of LINKS) if (existsSync(`/usr/${link}`)) symlinkSync(`usr/${link}`, join(root, link));
  box.write("root/dev/null", "");
  box.write("root/dev/urandom", "");
  const policy = mountOnly(
    `[runtime]\nroot = "${root}"\ncwd = "/work"`,
    `[mount]\nproc = ["${root}/proc"]\ntmpfs = [{ path = "${root}/tmp", size = "64M" }]`,
    `bind = [{ source = "/usr", target = "${root}/usr" }, { source = "/etc", target = "${root}/etc" },`,
    `{ source = "/dev/urandom", target = "${root}/dev/urandom" },`,
    `{ source = "/dev/null", target = "${root}/dev/null", read_only = false },`,
    `{ source = "${box.mkdir("project")}", target = "${root}/work", read_only = false }]`,
    fsLayer([root], [`${root}/work`, `${root}/tmp`], [`${root}/dev/null`]),
  );
  return { root, policy };
}

async function inside(box: Box, policy: string, script: string): Promise<RunResult> {
  return await run(box, { policy, argv: ["/bin/sh", "-ec", script] });
}

if (existsSync("/usr/lib64") && existsSync("/usr/bin/gcc")) {
  asUsers(
    "a whole Debian in a root: a compiler, an interpreter and git work there, and see nothing else",
    async (box) => {
      const { policy } = debianRoot(box);
      box.write("project/hello.c", '#include <stdio.h>\nint main(void) { puts("compiled"); return 0; }\n');
      const built = await inside(box, policy, "gcc -o hello hello.c; ./hello");
      expect(built).toMatchObject({ status: 0, stdout: "compiled\n", stderr: "" });
      const python = await inside(
        box,
        policy,
        "python3 -c 'import json, ssl, pathlib; print(sorted(map(str, pathlib.Path(\"/\").iterdir())))'",
      );
      expect(python.stderr).toBe("");
      expect(python.stdout).toContain("'/usr', '/work'");
      const git =
        "export HOME=/tmp; git init -q r; cd r; echo x >f; git add f; git -c user.name=n -c user.email=e commit -qm m; git log --format=%s";
      expect(await inside(box, policy, git)).toMatchObject({ status: 0, stdout: "m\n" });
      const outside = await inside(
        box,
        policy,
        `ls ${box.dir} || ls /home || touch /usr/x || echo x >/etc/hostname || echo closed`,
      );
      expect(outside.stdout).toBe("closed\n");
      expect(readFileSync(box.path("project/hello.c"), "utf8")).toContain("compiled");
    },
  );
} else {
  skipped("a whole Debian in a root", "no merged /usr with a compiler");
}

asRoot(
  "root without CAP_SYS_ADMIN, as in a container, mounts in a user namespace and stays root there",
  async (box) => {
    const folder = box.mkdir("folder");
    const policy = mountOnly(`[mount]\ntmpfs = ["${folder}"]`);
    const drop = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"];
    const script = `id -u; touch ${folder}/x && stat -c %u:%g ${folder}/x; cat /proc/self/uid_map; grep ^CapEff /proc/self/status`;
    const argv = ["/bin/busybox", "sh", "-c", script];
    const result = await run(box, { policy, argv, prefix: drop });
    expect(result.stderr).toBe("");
    expect(result.stdout.replaceAll(/ +/g, " ")).toBe("0\n0:0\n 0 0 1\nCapEff:\t0000000000000000\n");
    const plain = await runScript(box, policy, "cat /proc/self/uid_map");
    expect(plain.stdout).toContain("4294967295");
  },
);
