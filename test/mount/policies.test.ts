import { expect } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Box } from "../harness/box.ts";
import { asUsers, skipped } from "../harness/cases.ts";
import { type RunResult, run } from "../harness/landlockd.ts";
import { obstacle, prepareRoot } from "./prepared.ts";

/** Copies dynamic programs and the libraries that they load, each to its own path, beneath the root. */
function copyPrograms(root: string, programs: readonly string[]): void {
  for (const program of programs) {
    const ldd = Bun.spawnSync(["ldd", program]).stdout.toString();
    const libraries = [...ldd.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
    for (const file of [program, ...libraries]) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      if (!existsSync(join(root, file))) copyFileSync(file, join(root, file));
    }
  }
}

async function inRoot(box: Box, root: string, policy: string, argv: readonly string[]): Promise<RunResult> {
  return await run(box, {
    policy: null,
    flags: ["--policy", policy, "--set", `ROOT=${root}`],
    argv,
    cwd: box.path("project"),
  });
}

if (obstacle !== undefined) skipped("the starter policies for roots", obstacle);
else starters();

function starters(): void {
  for (const policy of ["prepared-root", "prepared-root-net"]) {
    asUsers(`${policy}: a shell and programs with libraries work on the project, and on nothing else`, async (box) => {
      const root = prepareRoot(box);
      box.mkdir("project");
      box.write("project/Makefile", "out: in\n\tcat in > out\n\techo done >> out\n");
      box.write("project/in", "made\n");
      copyPrograms(root, ["/bin/bash", "/usr/bin/make", "/usr/bin/git"]);
      const made = await inRoot(box, root, policy, ["/usr/bin/make"]);
      expect(made).toMatchObject({ status: 0, stderr: "" });
      expect(readFileSync(box.path("project/out"), "utf8")).toBe("made\ndone\n");

      const git =
        "git init -q . && echo x > f && git add f && git -c user.name=n -c user.email=e commit -qm m && git log --format=%s";
      const committed = await inRoot(box, root, policy, ["/bin/bash", "-c", `export HOME=/tmp; ${git}`]);
      expect(committed).toMatchObject({ status: 0, stdout: "m\n" });

      const script = [
        "touch /tmp/t && ls /tmp",
        "touch /bin/t || echo closed",
        "head -c 4 /dev/urandom | wc -c",
        "echo > /dev/null && echo null",
        "echo > /dev/urandom || echo read-only",
        "cat /etc/passwd || echo absent",
        "ls /proc | grep -c '^[0-9]' | grep -qx '[345]' && echo own",
      ];
      const shell = await inRoot(box, root, policy, ["/bin/busybox", "sh", "-c", script.join("; ")]);
      expect(shell.stdout).toBe("t\nclosed\n4\nnull\nread-only\nabsent\nown\n");
      expect(existsSync(join(root, "tmp/t"))).toBe(false);
    });
  }
}
