/** Races without luck: the world changes at each system call that a broker makes for a request (test/probe/step.c). */
import { expect } from "bun:test";
import { linkSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { runArgv } from "../harness/landlockd.ts";
import type { Grant } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { type ProcessOptions, runProcess } from "../harness/process.ts";
import { SUITE_IS_ROOT } from "../harness/user.ts";
import { type Lack, naiveArgv } from "./naive.ts";
import { brokered, type Lists, NAMES, prepare } from "./policies.ts";

/** More requests than any broker makes calls for one. */
const REQUESTS = "120";
/** Fewer would mean that the broker works elsewhere than it is looked at. */
const PLACES_MIN = 4;

interface Stepped {
  readonly stdout: string;
  readonly places: number;
}

/** Runs a broker step by step. `change`: what step.c is told to do at each. */
async function step(
  box: Box,
  change: readonly string[],
  broker: readonly string[],
  options: ProcessOptions & { readonly prefix?: readonly string[] } = {},
): Promise<Stepped> {
  const argv = [...(options.prefix ?? []), probePath("step"), ...change, "--", ...broker];
  const { stdout, stderr, status } = await runProcess(box, argv, options);
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^\d+\n$/)]);
  return { stdout, places: Number(stderr) };
}

interface Exchange {
  readonly names: readonly [string, string];
  /** What is opened meanwhile. */
  readonly open: string;
  readonly prepare: () => void;
  /** Not "own-open": what the kernel goes on with comes after the last step that a broker can be stopped at. */
  readonly falls: readonly Lack[];
  readonly lists: Lists;
  readonly grants?: readonly Grant[];
  /** All that the opener may see. */
  readonly sees: readonly string[];
}

async function expectHeld(box: Box, exchange: Exchange): Promise<void> {
  const change = ["exchange", ...exchange.names];
  const argv = [probePath("step"), "open", exchange.open, REQUESTS];
  for (const lack of exchange.falls) {
    exchange.prepare();
    expect([lack, (await step(box, change, naiveArgv(box, lack, argv))).stdout]).toEqual([
      lack,
      expect.stringContaining("secret\n"),
    ]);
  }
  exchange.prepare();
  expect((await step(box, change, naiveArgv(box, "nothing", argv))).stdout).not.toContain("secret");
  exchange.prepare();
  const policy = brokered(exchange.lists, exchange.grants);
  // Bun's: the front opens with what it pinned before the run, in processes that aren't looked at here.
  const held = await step(box, change, ["/usr/bin/env", "LANDLOCKD_NO_FAST_PATH=1", ...runArgv(box, { policy, argv })]);
  expect(held.stdout.trim().split("\n").sort()).toEqual([...exchange.sees]);
  expect(held.places).toBeGreaterThanOrEqual(PLACES_MIN);
}

asUsers("whenever a listed name becomes a symbolic or hard link to a secret, that isn't opened", async (box) => {
  const { listed } = prepare(box);
  const put: Readonly<Record<string, (secret: string) => void>> = {
    symlink: (secret) => box.symlink(secret, "outside/other"),
    hardLink: (secret) => linkSync(secret, box.path("outside/other")),
  };
  for (const other of Object.values(put)) {
    await expectHeld(box, {
      names: [listed, box.path("outside/other")],
      open: listed,
      prepare: () => {
        for (const name of ["outside/listed", "outside/other"]) box.remove(name);
        prepare(box);
        other(box.path("outside/secret"));
      },
      falls: ["pin", "object"],
      lists: { allow_read: [listed] },
      grants: [{ path: box.path("outside"), rights: NAMES }],
      sees: ["EACCES", "listed"],
    });
  }
});

asUsers("whenever a folder on the way to a listed file becomes another, nothing of that is opened", async (box) => {
  const { listed } = prepare(box);
  await expectHeld(box, {
    names: [box.path("outside"), box.path("other")],
    open: listed,
    prepare: () => {
      for (const name of ["outside", "other"]) box.remove(name);
      prepare(box);
      box.write("other/listed", "secret");
    },
    falls: ["pin", "object"],
    lists: { allow_read: [listed] },
    sees: ["EACCES", "listed"],
  });
});

asUsers(
  "whenever a name in scratch becomes a link that leads out, by somebody outside, it isn't followed",
  async (box) => {
    const { secret, scratch } = prepare(box);
    for (const [one, other, open] of [
      ["file", "link", "file"],
      ["folder", "folder-link", "folder/secret"],
    ] as const) {
      await expectHeld(box, {
        names: [`${scratch}/${one}`, `${scratch}/${other}`],
        open: `${scratch}/${open}`,
        prepare: () => {
          box.remove("scratch");
          box.write("scratch/file", "mine");
          box.symlink(secret, "scratch/link");
          box.write("scratch/folder/secret", "mine");
          box.symlink(box.path("outside"), "scratch/folder-link");
        },
        falls: ["pin", "object"],
        lists: { scratch: [scratch] },
        sees: ["EACCES", "mine"],
      });
    }
  },
);

/** In a PID namespace of its own, where pids can be chosen. */
const OWN_PIDS = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

asUsers(
  "whenever a caller dies and its pid becomes somebody else's, nothing of theirs is read or used",
  async (box) => {
    const { scratch } = prepare(box);
    const prefix = box.user.uid === 0 && SUITE_IS_ROOT ? OWN_PIDS : [...OWN_PIDS, "--user", "--map-root-user"];
    const reuse = async (broker: readonly string[]): Promise<{ readonly left: string[]; readonly places: number }> => {
      for (const name of ["mine/file", "theirs/file", "theirs/stolen"]) box.write(`scratch/${name}`, "");
      const options = { prefix, cwd: box.path("scratch/mine") };
      const { places } = await step(box, ["reuse", box.path("scratch/theirs")], broker, options);
      const names = ["file", "stolen"];
      const left = await Promise.all(names.map((name) => Bun.file(`${scratch}/theirs/${name}`).exists()));
      return { left: names.filter((_, index) => left[index]), places };
    };
    const argv = [probePath("step"), "remove", "file", REQUESTS];
    // By the working directory of who has the pid now, and by what is in its memory.
    expect((await reuse(naiveArgv(box, "valid-id", argv))).left).toEqual([]);
    expect((await reuse(naiveArgv(box, "nothing", argv))).left).toEqual(["file", "stolen"]);
    const held = await reuse(runArgv(box, { policy: brokered({ scratch: [scratch] }), argv }));
    expect(held.left).toEqual(["file", "stolen"]);
    expect(held.places).toBeGreaterThanOrEqual(PLACES_MIN);
  },
);
