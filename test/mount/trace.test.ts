import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers, skipped } from "../harness/cases.ts";
import { runArgv } from "../harness/landlockd.ts";
import { argvAs, baseEnv } from "../harness/process.ts";
import { SUITE_IS_ROOT } from "../harness/user.ts";
import { until } from "../harness/within.ts";
import { mountOnly, obstacle, prepareRoot, runOnHost } from "./prepared.ts";

/** Everything at once, under a workload that tells that it is there, and then stays with a child that it lost. */
function startEverything(box: Box, hasProc: boolean): Bun.Subprocess {
  const root = existsSync(box.path("root")) ? box.path("root") : prepareRoot(box);
  const policy = mountOnly(
    `[runtime]\nroot = "${root}"\ncwd = "/tmp"`,
    `[mount]\nproc = ${hasProc ? JSON.stringify([`${root}/proc`]) : "[]"}\ntmpfs = ["${root}/tmp"]`,
    `bind = [{ source = "${box.mkdir("project")}", target = "${root}/work", read_only = false }]`,
  );
  const argv = ["sh", "-c", "(sleep 1001 &); touch /work/up; exec sleep 1000"];
  return Bun.spawn(argvAs(box, runArgv(box, { policy, argv })), {
    env: baseEnv(box),
    cwd: box.dir,
    stdout: "ignore",
    stderr: "inherit",
  });
}

const mountsOfHost = (): string => readFileSync("/proc/self/mountinfo", "utf8");

/** Processes whose mounts name the box's folder: the run's own. */
function processesOf(box: Box): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/mountinfo`, "utf8").includes(box.dir);
    } catch {
      return false; // it ended meanwhile
    }
  });
}

async function expectNobody(box: Box): Promise<void> {
  await until("the end of all", () => (processesOf(box).length === 0 ? true : undefined), 5000);
}

function traces(): void {
  for (const hasProc of [false, true]) {
    const where = hasProc ? "with a PID namespace" : "without a PID namespace";
    asUsers(`nothing shows on the host during a run and nothing is left after SIGKILL, ${where}`, async (box) => {
      const before = mountsOfHost();
      const child = startEverything(box, hasProc);
      await until("the workload", () => (existsSync(box.path("project/up")) ? true : undefined));
      expect(mountsOfHost()).toBe(before);
      expect(processesOf(box).length).toBe(3);
      child.kill("SIGKILL");
      await child.exited;
      await expectNobody(box);
      expect(mountsOfHost()).toBe(before);
    });
  }

  asUsers("SIGKILL at any point of the start leaves neither mounts nor processes", async (box) => {
    const before = mountsOfHost();
    for (let delayMs = 0; delayMs < 100; delayMs += 9) {
      const child = startEverything(box, true);
      await Bun.sleep(delayMs);
      child.kill("SIGKILL");
      await child.exited;
    }
    await expectNobody(box);
    expect(mountsOfHost()).toBe(before);
  });

  if (!SUITE_IS_ROOT) {
    skipped("shared mounts of the host", "the suite runs unprivileged");
    return;
  }
  asUsers("from a host whose mounts are shared, nothing is propagated to it", async (box) => {
    const [source, target] = [box.mkdir("source"), box.mkdir("target")];
    const prepare = `mount --make-rshared /; mount --bind ${target} ${target}; mount --make-shared ${target}`;
    const policy = mountOnly(`[mount]\ntmpfs = ["${target}"]\nbind = [{ source = "/usr", target = "${source}" }]`);
    const count = `grep -c -e ' ${target} ' -e ' ${source} ' /proc/self/mountinfo`;
    const after = `ls -A ${target} ${source}; ${count}`;
    const result = await runOnHost(box, prepare, policy, `${count}; touch ${target}/x`, after);
    expect(result.stdout).toBe(`3\n${source}:\n\n${target}:\n1\n`);
  });
}

if (obstacle !== undefined) skipped("what mounts leave on the host", obstacle);
else traces();
