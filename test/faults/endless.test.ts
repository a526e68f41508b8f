/** Nothing waits or spins for ever, and no status is told that isn't true, where a call fails that never does. */
import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { type Kinds, openKinds } from "./kinds.ts";
import { meet, type Verdict } from "./verdict.ts";

const EPERM = 1;
const NOTIF_RECV = 0xc050_2100;

async function verdicts(
  box: Box,
  kinds: Kinds,
  names: readonly (keyof Kinds)[],
  calls: readonly string[],
): Promise<(Verdict | undefined)[]> {
  const found: (Verdict | undefined)[] = [];
  for (const name of names) {
    for (const call of calls) found.push(await meet(box, kinds[name], { call, result: EPERM }));
  }
  return found;
}

asUsers("a run that can't be watched any more is ended, and it is told", async (box) => {
  const kinds = await openKinds(box);
  const found = await verdicts(box, kinds, ["recorded", "mounts", "broker", "coldBroker"], ["wait4", "ppoll"]);
  expect(new Set(found)).toEqual(new Set(["ended"]));
  expect(await meet(box, kinds.daemon, { call: "wait4", result: EPERM })).toBe("ended");
  for (const kind of [kinds.broker, kinds.coldBroker]) {
    expect(await meet(box, kind, { call: "ioctl", arg: [1, NOTIF_RECV], result: EPERM })).toBe("ended");
  }
});

/** What Bun crashes over, or its loader. */
const BUNS = [
  "munmap",
  "mprotect",
  "getrandom",
  "epoll_create1",
  "eventfd2",
  "futex",
  "rt_sigaction",
  "getcwd",
  "read",
];

asUsers("where Bun would crash, no run starts", async (box) => {
  const kinds = await openKinds(box);
  const found = await verdicts(box, kinds, ["cold"], [...BUNS, "memfd_create"]);
  expect(new Set(found)).toEqual(new Set(["refused"]));
});

asUsers("a run that waits for a Bun that would crash is ended, and it is told", async (box) => {
  const kinds = await openKinds(box);
  const found = await verdicts(
    box,
    kinds,
    ["broker"],
    ["munmap", "getrandom", "epoll_create1", "getcwd", "memfd_create"],
  );
  expect(new Set(found)).toEqual(new Set(["ended"]));
});
