import { expect } from "bun:test";
import { copyFileSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asRoot, asUsers } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { parseState, type State } from "../harness/state.ts";

const NONE = "0000000000000000";
/** securebits(7): SECBIT_NOROOT and its lock; the lock alone, which somebody else set before. */
const NOROOT_LOCKED = "3";
const LOCKED_OPEN = "2";
const SETS = ["cap_effective", "cap_permitted", "cap_inheritable", "cap_ambient"] as const;

async function stateInside(box: Box, prefix: readonly string[] = [], audit: boolean = false): Promise<State> {
  return parseState(await run(box, { policy: VERSION_ONLY, argv: [probePath("state")], prefix, audit }));
}

function expectNoPrivileges(state: State): void {
  for (const set of SETS) expect([set, state[set]]).toEqual([set, NONE]);
  // Root's way back, closed for good; for everybody else no_new_privs makes it moot.
  if (state["uids"] === "0 0 0") expect([NOROOT_LOCKED, LOCKED_OPEN]).toContain(state["securebits"] ?? "");
  if (state["securebits"] === LOCKED_OPEN) expect(state["cap_bounding"]).toBe(NONE);
  expect(state["no_new_privs"]).toBe("1");
}

asUsers("the workload has no capability, can get none, and no_new_privs is set", async (box) => {
  expectNoPrivileges(await stateInside(box));
  expectNoPrivileges(await stateInside(box, [], true));
});

asRoot("root's capabilities are gone, however they came", async (box) => {
  const bare = parseState(await runProcess(box, [probePath("state")]));
  expect(bare["cap_effective"]).not.toBe(NONE);
  expect(bare["no_new_privs"]).toBe("0");
  const ambient = ["setpriv", "--inh-caps=+sys_admin,+dac_override", "--ambient-caps=+sys_admin,+dac_override", "--"];
  const control = parseState(await runProcess(box, [...ambient, probePath("state")]));
  expect(control["cap_ambient"]).not.toBe(NONE);
  expectNoPrivileges(await stateInside(box, ambient));
});

asRoot("root without capabilities gets none back by executing a program", async (box) => {
  const argv = ["/bin/sh", "-c", 'exec "$0"', probePath("state")];
  expectNoPrivileges(parseState(await run(box, { policy: VERSION_ONLY, argv })));
});

asRoot("root whose way back is locked open loses the bounding set instead", async (box) => {
  const locked = ["setpriv", "--securebits=+noroot_locked", "--"];
  const control = parseState(await runProcess(box, [...locked, "/bin/sh", "-c", 'exec "$0"', probePath("state")]));
  expect([control["securebits"], control["cap_effective"] === NONE]).toEqual([LOCKED_OPEN, false]);
  expectNoPrivileges(await stateInside(box, locked));
  expectNoPrivileges(await stateInside(box, locked, true));
});

asRoot("a program with capabilities of its own gets none of them, and still runs", async (box) => {
  const program = box.path("inside/capable");
  copyFileSync(probePath("state"), program);
  expect((await runProcess(box, ["/sbin/setcap", "cap_net_raw+ep", program])).status).toBe(0);
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
  const control = parseState(await runProcess(box, [...nobody, program]));
  expect(control["cap_effective"]).not.toBe(NONE);
  expectNoPrivileges(parseState(await run(box, { policy: VERSION_ONLY, argv: [program] })));
  expectNoPrivileges(parseState(await run(box, { policy: VERSION_ONLY, argv: [program], prefix: nobody })));
});
