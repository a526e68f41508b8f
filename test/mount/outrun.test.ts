import { expect } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { asRoot, asUnprivileged, asUsers, skipped } from "../harness/cases.ts";
import { expectNoneOutlives } from "../harness/chain.ts";
import { childrenOf } from "../harness/children.ts";
import { runArgv } from "../harness/landlockd.ts";
import { FS_RIGHTS, layer } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { baseEnv } from "../harness/process.ts";
import { until } from "../harness/within.ts";
import { mountOnly, obstacle, prepareRoot, runScript } from "./prepared.ts";

const fdsOf = (pid: string): string => readdirSync(`/proc/${pid}/fd`).join(" ");
const nameOf = (pid: string): string => readFileSync(`/proc/${pid}/comm`, "utf8").trim();

/** A keeper and its workload, among landlockd's children: others try out what the kernel can, and may end meanwhile. */
function keptBy(landlockd: string): readonly [string, string] | undefined {
  for (const keeper of childrenOf(landlockd)) {
    try {
      const workload = childrenOf(keeper).find((pid) => nameOf(pid) === "busybox");
      if (workload !== undefined) return [keeper, workload];
    } catch (error) {
      if (!(error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH")))
        throw error;
    }
  }
  return undefined;
}

function outrun(): void {
  asUnprivileged("with mounts and no PID namespace, no process outlives a killed landlockd", async (box) => {
    await expectNoneOutlives(box, mountOnly(`[mount]\ntmpfs = ["${box.mkdir("tmp")}"]`));
  });

  asUnprivileged("with mounts, rules and no PID namespace, no process outlives a killed landlockd", async (box) => {
    const rules = layer(FS_RIGHTS, [{ path: "/", rights: FS_RIGHTS }]);
    await expectNoneOutlives(box, mountOnly(`[mount]\ntmpfs = ["${box.mkdir("tmp")}"]`) + rules);
  });

  asUnprivileged("with a root and no PID namespace, no process outlives a killed landlockd", async (box) => {
    const root = prepareRoot(box);
    copyFileSync(probePath("chain"), `${root}/bin/chain`);
    await expectNoneOutlives(box, mountOnly(`[runtime]\nroot = "${root}"`), "/bin/chain");
  });

  asUnprivileged("with mounts of the workload's own, no process outlives a killed landlockd", async (box) => {
    await expectNoneOutlives(box, mountOnly(`[broker]\nmount_tmpfs = ["${box.mkdir("tmp")}"]`));
  });

  asUnprivileged("with mounts of the workload's own in a root, no process outlives a killed landlockd", async (box) => {
    const root = prepareRoot(box);
    copyFileSync(probePath("chain"), `${root}/bin/chain`);
    const tables = `[runtime]\nroot = "${root}"\n[broker]\nmount_tmpfs = ["${root}/tmp"]`;
    const rules = layer(FS_RIGHTS, [{ path: root, rights: FS_RIGHTS }]);
    await expectNoneOutlives(box, mountOnly(tables) + rules, "/bin/chain");
  });

  asUsers("what ends a run takes nothing away: links between folders, on every kind of mount", async (box) => {
    const root = prepareRoot(box);
    const project = box.mkdir("project");
    const tables = [
      `[runtime]\nroot = "${root}"`,
      `[mount]\ntmpfs = ["${root}/tmp"]\nbind = [{ source = "${project}", target = "${root}/work", read_only = false }]`,
    ];
    const grants = [root, project].map((path) => ({ path, rights: FS_RIGHTS }));
    const script = 'for in in / /tmp /work; do cd "$in"; mkdir a b; touch a/f; ln a/f b/g && echo linked; done';
    for (const broker of ["", `[broker]\nmount_tmpfs = ["${root}/dev"]`]) {
      const result = await runScript(box, mountOnly(...tables, broker) + layer(FS_RIGHTS, grants), script, {
        audit: true,
      });
      expect([result.stderr, result.stdout]).toEqual(["", "linked\nlinked\nlinked\n"]);
      for (const made of ["root/a", "root/b", "project/a", "project/b"]) box.remove(made);
    }
  });

  asRoot("keeper and warden have no descriptor but their own, and the workload can't signal them", async (box) => {
    const tables = ["", `[broker]\nmount_tmpfs = ["${box.mkdir("tmp")}"]`].map((broker) => [
      `[mount]\ntmpfs = ["${box.mkdir("private")}"]`,
      broker,
    ]);
    const found: (readonly string[])[] = [];
    for (const each of tables) {
      const script = `read -r pids; kill -STOP $pids; kill -KILL $pids; echo tried; read -r end`;
      const argv = runArgv(box, {
        policy: mountOnly(...each),
        argv: ["/bin/busybox", "sh", "-c", script],
        audit: true,
      });
      const child = Bun.spawn(argv, { cwd: box.dir, env: baseEnv(box), stdin: "pipe", stdout: "pipe", stderr: "pipe" });
      const [keeper, workload] = await until("the keeper and its workload", () => keptBy(`${child.pid}`));
      const wardens = childrenOf(keeper).filter((pid) => pid !== workload);
      // The workload runs a moment before the keeper goes on.
      await until("the keeper's signalfd in the place of stdin", () =>
        fdsOf(keeper).startsWith("0 3") ? true : undefined,
      );
      found.push([keeper, ...wardens].map(fdsOf));
      child.stdin.write(`${[keeper, ...wardens].join(" ")}\n`);
      child.stdin.end();
      expect(await child.exited).toBe(1);
      expect(await new Response(child.stdout).text()).toBe("tried\n");
      const refused = (await new Response(child.stderr).text()).match(/can't kill pid \d+: Operation not permitted/g);
      expect(refused?.length).toBe(2 * (1 + wardens.length));
    }
    // The signalfd, the channel, the list of children, the pipe; its reader.
    expect(found).toEqual([["0 3 4"], ["0 3 4 5", "6"]]);
  });

  asUsers("a workload that ends leaves its background processes alone, with mounts of its own too", async (box) => {
    const tables = `[broker]\nmount_tmpfs = ["${box.mkdir("tmp")}"]`;
    const left = box.path("inside/left");
    const script = `(sleep 0.5; echo on >${left}) >/dev/null 2>&1 & exit 3`;
    expect(await runScript(box, mountOnly(tables), script)).toMatchObject({ status: 3 });
    await until("the background process", () => (existsSync(left) ? true : undefined));
  });
}

if (obstacle !== undefined) skipped("runs that fork faster than they are killed", obstacle);
else outrun();
