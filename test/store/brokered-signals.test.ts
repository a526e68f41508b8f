/** Signals, kills and terminals while the front starts a run with a broker, and while Bun takes it over. */
import { expect } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { childrenOf } from "../harness/children.ts";
import { landlockdPath, readEvents } from "../harness/landlockd.ts";
import { openTerminal } from "../harness/terminal.ts";
import { until } from "../harness/within.ts";
import { begin, openStage, sh } from "./brokered.ts";

asUsers("a signal at any moment of the start reaches the workload, and ends landlockd as it does", async (box) => {
  const stage = await openStage(box);
  const flags = ["--audit", box.path("audit.jsonl")];
  const trap = `trap 'echo caught; exit 3' TERM; cat ${stage.listed}; echo ready; while :; do sleep 0.01; done`;
  for (let delayMs = 0; delayMs <= 36; delayMs += 4) {
    for (const argv of [sh(trap), ["/bin/sleep", "60"]]) {
      box.remove("audit.jsonl");
      const run = begin(stage, argv, flags);
      await until("the start", () => existsSync(box.path("audit.jsonl")) || undefined);
      await Bun.sleep(delayMs);
      process.kill(run.pid, "SIGTERM");
      const ended = await run.end();
      // Before the shell has its trap, the signal ends it.
      if (ended === "3") expect(run.text()).toContain("caught");
      else expect([delayMs, ended]).toEqual([delayMs, "SIGTERM"]);
      const events = readEvents(box.path("audit.jsonl")).map(({ event }) => event);
      if (events.length > 0)
        expect([events[0], events.at(-1)]).toEqual(["run.start", ended === "3" ? "run.exit" : "run.signal"]);
    }
  }
});

asUsers("SIGKILL to landlockd at any moment of the start ends the run", async (box) => {
  const stage = await openStage(box);
  const script = `echo pid $$; cat ${stage.listed} & sleep 60`;
  for (let delayMs = 0; delayMs <= 24; delayMs += 4) {
    const run = begin(stage, sh(script));
    const found = await until("the workload", () => run.text().match(/pid (\d+)/) ?? undefined);
    await Bun.sleep(delayMs);
    process.kill(run.pid, "SIGKILL");
    expect(await run.end()).toBe("SIGKILL");
    await until("the workload's end", () => (existsSync(`/proc/${found[1]}`) ? undefined : true));
  }
});

asUsers("a process that answers while Bun starts, killed, ends the run", async (box) => {
  const stage = await openStage(box);
  // Its keeper is the first child; for some milliseconds there is a second.
  for (let attempt = 0; attempt < 40; attempt++) {
    const run = begin(stage, sh(`echo pid $$; echo > ${stage.scratch}/file; sleep 60`));
    const end = Date.now() + 100;
    let beside: string | undefined;
    while (beside === undefined && Date.now() < end) beside = childrenOf(run.pid)[1];
    const owner = beside === undefined ? 0 : statSync(`/proc/${beside}/mem`, { throwIfNoEntry: false })?.uid;
    try {
      process.kill(Number(beside), "SIGKILL");
    } catch {
      process.kill(run.pid, "SIGKILL");
      await run.end();
      continue;
    }
    // The files of a process that isn't dumpable are root's (proc(5)).
    expect(owner ?? 0).toBe(0);
    expect([await run.end(), run.complaint()]).toEqual([
      "SIGKILL",
      "landlockd: the broker failed, and the run was ended: a process of landlockd's was killed\n",
    ]);
    const pid = run.text().match(/pid (\d+)/)?.[1] ?? "";
    await until("the workload's end", () => (existsSync(`/proc/${pid}`) ? undefined : true));
    return;
  }
  throw new Error("there was never a second process to kill");
});

asUsers("Ctrl-Z, fg and Ctrl-C before anybody asked the broker, and after", async (box) => {
  const stage = await openStage(box);
  const script = `trap 'echo caught; exit 9' INT; echo began; while read key; do [ "$key" = ask ] && cat ${stage.listed}; done`;
  const command = `${landlockdPath()} run --policy-file ${stage.policy} -- /bin/sh -c "$(cat ${box.write("script", script)})"`;
  const run = box.write("run", `export XDG_RUNTIME_DIR=${stage.env["XDG_RUNTIME_DIR"]}\nexec ${command}\n`);
  const session = openTerminal(box, ["/bin/bash", "--norc", "--noprofile", "-i"]);
  session.type("PS1='prompt> '; set -b; stty -echo\n");
  await session.see(/prompt> $/);
  for (const asks of [false, true]) {
    session.type(`sh ${run}\n`);
    await session.see(/began/);
    if (asks) {
      session.type("ask\n");
      await session.see(/listed/);
    }
    session.type("\x1a");
    await session.see(/Stopped/);
    session.type("fg\n");
    session.type("ask\n");
    await session.see(/listed/);
    session.type("\x03");
    await session.see(/caught/);
    await session.see(/prompt> $/);
    session.type("echo status $?\n");
    await session.see(/status 9/);
  }
});
