import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { run, runArgv } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { parseState } from "../harness/state.ts";

/** Prints its pid and becomes its arguments. */
const ANNOUNCE = 'echo "announced $$"; exec "$@"';

asUsers("with nothing to supervise, landlockd becomes the workload", async (box) => {
  const argv = runArgv(box, { policy: VERSION_ONLY, argv: [probePath("state")] });
  const result = await runProcess(box, ["sh", "-c", ANNOUNCE, "sh", ...argv]);
  const state = parseState(result);
  expect(state["pid"]).toBe(state["announced"] ?? "");
});

asUsers("landlockd stays in front of the workload when audit events are wanted", async (box) => {
  const options = { policy: VERSION_ONLY, argv: [probePath("state")], audit: true };
  const result = await run(box, { ...options, prefix: ["sh", "-c", ANNOUNCE, "sh"] });
  const state = parseState(result);
  expect(state["pid"]).not.toBe(state["announced"] ?? "");
});
