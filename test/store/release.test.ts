/** A plan is for the kernel that it was compiled on: personality(2) with UNAME26 makes uname(2) tell of another release. */
import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { landlockd } from "../harness/landlockd.ts";
import { storable } from "../harness/policies.ts";
import { runProcess } from "../harness/process.ts";
import { openStage } from "./brokered.ts";
import { compiled, strictPolicy, TOO_LITTLE_FOR_BUN } from "./plans.ts";
import { openShelf } from "./shelf.ts";

const OTHER_RELEASE = ["/usr/bin/setarch", "--uname-2.6"];
const ELSEWHERE = { prefix: OTHER_RELEASE };

asUsers("the kernel tells another release under setarch", async (box) => {
  const here = await runProcess(box, ["/bin/uname", "-r"]);
  const there = await runProcess(box, [...OTHER_RELEASE, "/bin/uname", "-r"]);
  expect(there).toMatchObject({ status: 0, stdout: expect.stringMatching(/^2\.6\./) });
  expect(here.stdout).not.toBe(there.stdout);
});

asUsers("a plan of another kernel's release isn't used, and the run is as strict", async (box) => {
  const shelf = openShelf(box);
  const denied = { status: 1, stdout: "", stderr: expect.stringContaining("Permission denied") };
  const here = await shelf.fill(shelf.strict);
  expect(await shelf.run(shelf.strict)).toMatchObject({ by: "front", ...denied });
  expect(await shelf.run(shelf.strict, ELSEWHERE)).toMatchObject({ by: "bun", ...denied });
  // It has a plan of its own from then on, and each release finds only its own.
  const names = shelf.names();
  expect([names.length, names.includes(here)]).toEqual([2, true]);
  expect(await shelf.run(shelf.strict, ELSEWHERE)).toMatchObject({ by: "front", ...denied });
  expect(await shelf.run(shelf.strict)).toMatchObject({ by: "front", ...denied });
  expect(shelf.names()).toEqual(names);
});

asUsers("nor for a run that leaves a record, or one with a PID namespace", async (box) => {
  const shelf = openShelf(box);
  const contained = box.write("contained.toml", `${storable(box)}[mount]\nproc = ["/proc"]\n`);
  for (const [policy, flags] of [
    [shelf.strict, ["--audit", box.path("audit.jsonl")]],
    [contained, []],
  ] as const) {
    const run = async (options: { prefix?: readonly string[] }): Promise<string> => {
      const result = await shelf.run(policy, { flags, argv: ["/bin/true"], ...options });
      expect([result.status, result.stderr]).toEqual([0, ""]);
      return result.by;
    };
    expect([await run({}), await run({}), await run(ELSEWHERE), await run(ELSEWHERE), await run({})]).toEqual([
      "bun",
      "front",
      "bun",
      "front",
      "front",
    ]);
  }
});

asUsers("nor for a run with a broker", async (box) => {
  const stage = await openStage(box);
  const read = { argv: ["/bin/cat", stage.listed] };
  expect(await stage.run(stage.policy, read)).toMatchObject({ by: "front", status: 0, stdout: "listed" });
  expect(await stage.run(stage.policy, { ...read, ...ELSEWHERE })).toMatchObject({ by: "bun", stdout: "listed" });
  expect(await stage.run(stage.policy, { ...read, ...ELSEWHERE })).toMatchObject({ by: "front", stdout: "listed" });
});

// docs/plan-store.md: nothing in a plan file depends on the release.
asUsers("a plan file, which names no release, is served on another one", async (box) => {
  const flags = ["run", "--plan", await compiled(box, strictPolicy(box)), "--", "/bin/uname", "-r"];
  const served = await landlockd(box, flags, { prefix: [...OTHER_RELEASE, ...TOO_LITTLE_FOR_BUN] });
  expect(served).toMatchObject({ status: 0, stdout: expect.stringMatching(/^2\.6\./), stderr: "" });
});
