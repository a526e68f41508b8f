/** A stored plan with a broker: the front starts the workload, and Bun goes on with the run when somebody asks. */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { brokeredPrograms, prepare } from "../broker/policies.ts";
import { asUsers } from "../harness/cases.ts";
import { readEvents } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { argvAs } from "../harness/process.ts";
import { until } from "../harness/within.ts";
import { bothWays } from "./both.ts";
import { begin, openStage, sh } from "./brokered.ts";
import { openShelf } from "./shelf.ts";

asUsers("cold and warm runs do the same, and record the same", async (box) => {
  const stage = await openStage(box);
  const { listed, secret, scratch, out, log } = stage;
  const scripts: readonly (readonly [string, readonly (string | null | number)[]])[] = [
    ["exit 7", [7, null]],
    [`cat ${listed}`, [0, null]],
    [`cat ${secret}`, [1, null]],
    [`echo line > ${log} && cat ${log}`, [1, null]],
    [`echo made > ${scratch}/a && cat ${scratch}/a && mv ${scratch}/a ${out}/b && rm ${scratch}/a`, [1, null]],
    [`cat ${listed}; kill -TERM $$`, [null, "SIGTERM"]],
    ["kill -SEGV $$", [null, "SIGSEGV"]],
    [`(sleep 0.1; cat ${listed}) & exit 3`, [3, null]],
  ];
  for (const [script, [status, signal]] of scripts) {
    const seen: unknown[] = [];
    for (const more of [{ LANDLOCKD_NO_FAST_PATH: "1" }, {}]) {
      for (const name of ["audit.jsonl", "outside/log", "scratch/a", "export/b"]) box.remove(name);
      const flags = ["--audit", box.path("audit.jsonl")];
      const result = await stage.run(stage.policy, {
        argv: sh(script),
        flags,
        env: { LANDLOCKD_JOB_ID: "7", ...more },
      });
      expect(result.by).toBe("LANDLOCKD_NO_FAST_PATH" in more ? "bun" : "front");
      const events = readEvents(box.path("audit.jsonl"));
      expect(events.map(({ event }) => event)[0]).toBe("run.start");
      expect(new Set(events.map(({ run_id }) => run_id)).size).toBe(1);
      for (const { run_id, timestamp } of events) {
        expect(run_id).toMatch(/^[0-9a-f-]{36}$/);
        expect(new Date(timestamp).toISOString()).toBe(timestamp);
      }
      const record = events.map(({ run_id, timestamp, ...event }) => JSON.stringify({ ...event, pid: 0 }));
      seen.push({ ...result, by: "", record });
    }
    expect([script, seen[1]]).toEqual([script, seen[0]]);
    expect(seen[1]).toMatchObject({ status, signal });
  }
});

asUsers("until somebody asks for what is on a list, landlockd takes less than a megabyte", async (box) => {
  const stage = await openStage(box);
  // Dozens of opens, each of which the broker is asked about.
  const script = "for file in /etc/*; do [ -f $file ] && read line < $file; done 2>/dev/null; ls /usr/bin > /dev/null";
  const sizes =
    "grep -E '^(Name|VmRSS|CapEff)' /proc/$(awk '/^PPid/ {print $2}' /proc/$PPID/status)/status /proc/$PPID/status";
  const look = async (first: string): Promise<{ most: number; capabilities: string[] }> => {
    const { stdout, stderr, status } = await stage.run(stage.policy, { argv: sh(`${first}; ${script}; ${sizes}`) });
    expect([status, stderr]).toEqual([0, ""]);
    const found = [...stdout.matchAll(/VmRSS:\s+(\d+) kB/g)].map((match) => Number(match[1]));
    expect(found.length).toBe(2);
    return {
      most: Math.max(...found),
      capabilities: [...stdout.matchAll(/CapEff:\s+(\w+)/g)].map(([, set]) => set ?? ""),
    };
  };
  const quiet = await look("true");
  expect(quiet.most).toBeLessThan(1024);
  // While it answers, landlockd has no capabilities in effect; its keeper, as whose child the workload runs, has.
  expect(quiet.capabilities).toContain("0000000000000000");
  // Control: once somebody asked for a file in scratch, it is Bun.
  expect((await look(`echo > ${stage.scratch}/file`)).most).toBeGreaterThan(10_240);
});

asUsers("what takes a listed file's name in the run's first instructions isn't the listed file", async (box) => {
  const stage = await openStage(box);
  const { listed, secret } = stage;
  const names = { path: box.path("outside"), rights: ["make_reg", "remove_file", "refer"] };
  const policy = box.write("renames.toml", brokeredPrograms({ allow_read: [listed] }, [names]));
  const read = sh(`cat ${listed}`);
  for (const by of ["bun", "front"]) {
    expect(await stage.run(policy, { argv: read })).toMatchObject({ by, status: 0, stdout: "listed" });
  }
  const replaced = await stage.run(policy, { argv: sh(`mv -f ${secret} ${listed}; cat ${listed}`) });
  expect(replaced).toMatchObject({ by: "front", status: 1, stdout: "" });
  expect(replaced.stderr).toContain("Permission denied");
  expect(readFileSync(listed, "utf8")).toBe("secret");
});

asUsers("what can't be pinned is told as ever, and nothing has run", async (box) => {
  const stage = await openStage(box);
  const { listed, scratch, policy } = stage;
  const ran = box.path("scratch/ran");
  const attempt = async (): Promise<void> => {
    const warm = await stage.run(policy, { argv: sh(`echo > ${ran}`) });
    expect(existsSync(ran)).toBe(false);
    const cold = await stage.run(policy, { argv: sh(`echo > ${ran}`), env: { LANDLOCKD_NO_FAST_PATH: "1" } });
    expect([warm.status, warm.stderr]).toEqual([cold.status, cold.stderr]);
    expect(warm).toMatchObject({ status: 125, stderr: expect.stringContaining("brokered.toml") });
  };
  box.remove("outside/listed");
  await attempt();
  box.mkdir("outside/listed");
  await attempt();
  box.remove("outside/listed");
  box.write("outside/listed", "listed");
  box.remove("export");
  await attempt();
  box.symlink(box.mkdir("scratch/inner"), "export");
  await attempt();
  // Control: it is as it was, and runs.
  box.remove("export");
  box.mkdir("export");
  expect(await stage.run(policy, { argv: sh(`cat ${listed} > ${scratch}/x`) })).toMatchObject({ status: 0 });
  // A listed name that is a symbolic link by now means what it leads to, as it does without a store.
  box.remove("outside/listed");
  box.symlink(box.write("outside/target", "target"), "outside/listed");
  expect(await stage.run(policy, { argv: sh(`cat ${listed}`) })).toMatchObject({ status: 0, stdout: "target" });
});

asUsers("a command that can't be executed is told as ever", async (box) => {
  const stage = await openStage(box);
  const denied = box.write("outside/denied", "#!/bin/sh\n", 0o755);
  for (const argv of [[denied], ["no-such-command"], [box.write("outside/plain", "")]]) {
    const warm = await stage.run(stage.policy, { argv });
    const cold = await stage.run(stage.policy, { argv, env: { LANDLOCKD_NO_FAST_PATH: "1" } });
    expect([warm.status, warm.stderr]).toEqual([cold.status, cold.stderr]);
    expect([126, 127]).toContain(warm.status ?? 0);
  }
});

asUsers("while Bun starts, every request is answered, and once", async (box) => {
  const stage = await openStage(box);
  const { listed, secret, scratch } = stage;
  const one = `read a < ${listed}; read b < /etc/passwd; cat ${secret}; echo $a ${"${b%%:*}"} > ${scratch}/$i`;
  const script = `i=0; while [ $i -lt 24 ]; do (${one}) 2>/dev/null & i=$((i + 1)); done; wait; cat ${scratch}/*`;
  const flags = ["--audit", box.path("audit.jsonl")];
  const result = await stage.run(stage.policy, { argv: sh(script), flags });
  expect(result).toMatchObject({ by: "front", status: 0, stdout: "listed root\n".repeat(24) });
  const events = readEvents(box.path("audit.jsonl"));
  const opened = events.filter(({ event, path }) => event === "broker.open" && path === listed);
  expect(opened.length).toBe(24);
  expect(new Set(opened.map(({ pid }) => pid)).size).toBe(24);
});

asUsers("a run whose folder is removed goes on with its broker", async (box) => {
  const stage = await openStage(box);
  const folder = box.path("begun");
  const script = `mkdir ${folder} && cd ${folder} && "$@" | { read -r && rmdir ${folder} && cat; }; exit \${PIPESTATUS[0]}`;
  const work = `echo ready; while [ -d ${folder} ]; do sleep 0.01; done; echo > ${stage.scratch}/file && echo made`;
  const { front, bun } = await bothWays(stage, stage.policy, { argv: sh(work), script });
  expect(bun).toMatchObject({ by: "bun", status: 0, stdout: "made\n", stderr: "" });
  expect(front).toEqual({ ...bun, by: "front" });
});

asUsers("none of landlockd's descriptors reaches the workload", async (box) => {
  const stage = await openStage(box);
  const script = `ls /proc/self/fd; cat ${stage.listed}; ls /proc/self/fd`;
  const result = await stage.run(stage.policy, { argv: sh(script) });
  expect(result).toMatchObject({ by: "front", stdout: "0\n1\n2\n3\nlisted0\n1\n2\n3\n", stderr: "" });
});

asUsers("nobody of the same user looks into a landlockd that waits with a broker", async (box) => {
  const stage = await openStage(box);
  const run = begin(stage, ["/bin/sleep", "60"], ["--audit", box.path("audit.jsonl")]);
  const line = await until("run.start", () => readEvents(box.path("audit.jsonl"))[0]);
  expect(line.event).toBe("run.start");
  const child = Bun.spawnSync(argvAs(box, [probePath("proc"), "process_vm_readv", String(run.pid), "0x110000"]));
  // Root may all the same.
  expect(child.stdout.toString()).toBe(box.user.uid === 0 ? "process_vm_readv OK\n" : "process_vm_readv EPERM\n");
});

asUsers("a policy whose lists reach the store neither fills nor uses it", async (box) => {
  const shelf = openShelf(box);
  prepare(box);
  const lists = [
    { scratch: [shelf.env["XDG_RUNTIME_DIR"] ?? ""] },
    { scratch: [box.path("scratch")], export: [box.dir] },
    { allow_write: [shelf.key] },
  ];
  for (const each of lists) {
    const policy = box.write("reaches.toml", brokeredPrograms(each));
    for (let times = 0; times < 2; times++) await shelf.run(policy, { argv: ["/bin/true"] });
    expect([each, shelf.names()]).toEqual([each, []]);
  }
});
