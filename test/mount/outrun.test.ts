import { expect } from "bun:test";
import { copyFileSync, existsSync } from "node:fs";
import { asUnprivileged, asUsers, skipped } from "../harness/cases.ts";
import { expectNoneOutlives } from "../harness/chain.ts";
import { FS_RIGHTS, layer } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { until } from "../harness/within.ts";
import { mountOnly, obstacle, prepareRoot, runScript } from "./prepared.ts";

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
