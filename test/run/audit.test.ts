import { expect } from "bun:test";
import { statSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { landlockdPath, readEvents, run } from "../harness/landlockd.ts";
import { insideOnly, storable } from "../harness/policies.ts";
import { baseEnv, type ProcessResult, runProcess } from "../harness/process.ts";

const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/;

/** A run whose sink is what a shell's redirection makes of an fd. */
async function runWithSink(box: Box, sink: string, redirect: string, argv: readonly string[]): Promise<ProcessResult> {
  const policy = box.write("policy.toml", storable(box));
  const command = [landlockdPath(), "run", "--policy-file", policy, "--audit", sink, "--", ...argv];
  return await runProcess(box, ["/bin/bash", "-c", `exec "$@" ${redirect}`, "bash", ...command]);
}

asUsers("a run is told from start to exit", async (box) => {
  const env = { ...baseEnv(box), LANDLOCKD_JOB_ID: "job 7" };
  const result = await run(box, {
    policy: storable(box),
    argv: ["/bin/sh", "-c", "echo $$; exit 3"],
    audit: true,
    env,
  });
  const [start, exit, ...rest] = result.events;
  expect(rest).toEqual([]);
  const pid = Number(result.stdout);
  expect(start).toMatchObject({ event: "run.start", pid, policy_file: box.path("policy.toml"), argv0: "/bin/sh" });
  expect(exit).toMatchObject({ event: "run.exit", pid, status: 3 });
  for (const event of result.events) {
    expect(event).toMatchObject({ component: "landlockd", job_id: "job 7" });
    expect(event.timestamp).toMatch(RFC_3339_UTC);
  }
  expect(start?.run_id).toBe(exit?.run_id ?? "");
  expect(start?.run_id).not.toBe("");
  // Others have no business in it.
  expect(statSync(box.path("audit.jsonl")).mode & 0o777).toBe(0o600);
});

asUsers("a signal that ends the workload is told by its number", async (box) => {
  const result = await run(box, { policy: storable(box), argv: ["/bin/sh", "-c", "kill -KILL $$"], audit: true });
  expect(result.events.map((event) => [event.event, event["signal"]])).toEqual([
    ["run.start", undefined],
    ["run.signal", 9],
  ]);
});

asUsers("a run that fails before the workload starts is told with its stage and errno", async (box) => {
  const result = await run(box, { policy: insideOnly(box, []), argv: ["/bin/true"], audit: true });
  expect(result.status).toBe(126);
  const EACCES = 13;
  expect(result.events).toMatchObject([{ event: "run.error", stage: "exec", errno: EACCES }]);
});

asUsers("a file is appended to, and each run has an id of its own", async (box) => {
  for (let i = 0; i < 3; i++) await run(box, { policy: storable(box), argv: ["/bin/true"], audit: true });
  const events = readEvents(box.path("audit.jsonl"));
  expect(events.length).toBe(6);
  expect(new Set(events.map((event) => event.run_id)).size).toBe(3);
});

asUsers("bytes that aren't UTF-8 and control characters still make valid JSON", async (box) => {
  const script = `cp /bin/true "$1"$'/tr\\xff\\n"ue'; exec "\${@:2}" "$1"$'/tr\\xff\\n"ue'`;
  const policy = box.write("policy.toml", storable(box));
  const command = [landlockdPath(), "run", "--policy-file", policy, "--audit", box.path("audit.jsonl"), "--"];
  const result = await runProcess(box, ["/bin/bash", "-c", script, "bash", box.path("inside"), ...command]);
  expect(result.status).toBe(0);
  const events = readEvents(box.path("audit.jsonl"));
  expect(events.map((event) => event.event)).toEqual(["run.start", "run.exit"]);
  expect(events[0]?.["argv0"]).toBe(`${box.path("inside")}/tr\\xff\n"ue`);
});

asUsers("fd:N and - are sinks, and the workload gets neither", async (box) => {
  const log = box.path("inside/log");
  const byFd = await runWithSink(box, "fd:7", `7>>"${log}"`, ["/bin/sh", "-c", "echo x >&7"]);
  expect(byFd.status).not.toBe(0);
  expect(byFd.stderr).toContain("7: Bad file descriptor");
  expect(readEvents(log).map((event) => event.event)).toEqual(["run.start", "run.exit"]);
  const byStderr = await runWithSink(box, "-", "", ["/bin/echo", "hello"]);
  expect(byStderr.stdout).toBe("hello\n");
  expect(
    byStderr.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).event),
  ).toEqual(["run.start", "run.exit"]);
});

asUsers("a sink that can't be opened is told in words, and nothing runs", async (box) => {
  const result = await runWithSink(box, box.path("none/audit.jsonl"), "", ["/bin/echo", "ran"]);
  expect([result.status, result.stdout]).toEqual([125, ""]);
  expect(result.stderr).toContain("cannot open it: No such file or directory (ENOENT)\n");
});

asUsers("a sink that takes nothing never stops the workload, and what was lost is counted", async (box) => {
  const full = await runWithSink(box, "/dev/full", "", ["/bin/sh", "-c", "echo ran; exit 5"]);
  expect([full.status, full.stdout]).toEqual([5, "ran\n"]);
  expect(full.stderr).toMatch(/^landlockd: 2 audit events were lost: ENOSPC\n$/);
  const closed = await runWithSink(box, "fd:7", "7> >(:)", ["/bin/sh", "-c", "sleep 0.3; echo ran; exit 5"]);
  expect([closed.status, closed.stdout]).toEqual([5, "ran\n"]);
  expect(closed.stderr).toMatch(/^landlockd: \d+ audit events? w(as|ere) lost: EPIPE\n$/);
});

asUsers("a pipe that nobody reads doesn't hold the workload up", async (box) => {
  const stuck = '{ yes | head -c 1048576 >&7; } >/dev/null 2>&1 & sleep 0.2; exec "$@"';
  const policy = box.write("policy.toml", storable(box));
  const command = [landlockdPath(), "run", "--policy-file", policy, "--audit", "fd:7", "--", "/bin/echo", "ran"];
  const shell = `exec 7> >(exec sleep 20 >/dev/null 2>&1); ${stuck}`;
  const result = await runProcess(box, ["/bin/bash", "-c", shell, "bash", ...command], { timeoutMs: 60_000 });
  expect([result.status, result.stdout]).toEqual([0, "ran\n"]);
  expect(result.stderr).toMatch(/audit events were lost/);
});
