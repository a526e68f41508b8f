import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import type { Grant } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { type Lack, runNaive } from "./naive.ts";
import { brokered, NAMES, prepare } from "./policies.ts";

/** How long a broker is attacked that must hold. */
const HELD_MS = 500;
/** The same for a naive one that lacks nothing: it only shows that an attack doesn't work just anywhere. */
const SOUND_MS = 200;
/** The same where it takes thousands of tries. */
const MADE_MS = 1500;
/** How long one that must fall: it is over as soon as it worked. */
const FALLEN_MS = 20_000;

/** ENOENT: half of one name and half of another. */
const HARMLESS: readonly string[] = ["listed", "mine", "EACCES", "ENOENT"];

interface Race {
  /** What test/probe/swap.c is told, but for the time. */
  readonly swap: readonly string[];
  /** Puts names in their first state. */
  readonly prepare?: () => void;
  /** The brokers that fall to it. */
  readonly falls: readonly Lack[];
  readonly grants?: readonly Grant[];
}

async function words(stdout: Promise<{ readonly stdout: string }>): Promise<string[]> {
  return (await stdout).stdout.trim().split("\n");
}

/** Shows a race that naive brokers lose, that the one which lacks nothing wins, and that landlockd wins. */
async function expectHeld(box: Box, race: Race): Promise<void> {
  const argv = (ms: number): string[] => [probePath("swap"), ...race.swap, String(ms)];
  for (const lack of race.falls) {
    race.prepare?.();
    const fallen = await words(runNaive(box, lack, argv(FALLEN_MS)));
    expect([lack, ...fallen]).toContain("secret");
  }
  const policy = brokered({ allow_read: [box.path("outside/listed")] }, race.grants);
  for (const start of [
    () => runNaive(box, "nothing", argv(SOUND_MS)),
    () => run(box, { policy, argv: argv(HELD_MS) }),
  ]) {
    race.prepare?.();
    const held = await words(start());
    expect(held).toContain("listed");
    expect(held.filter((word) => !HARMLESS.includes(word))).toEqual([]);
  }
}

asUsers("a thread that flips the path's bytes never gets the other file", async (box) => {
  const { listed, secret } = prepare(box);
  await expectHeld(box, { swap: ["flip", listed, secret], falls: ["own-open", "one-copy"] });
});

asUsers(
  "a listed name that becomes a link to a secret and back, while it is opened, never leads there",
  async (box) => {
    const { listed, secret } = prepare(box);
    const link = box.path("outside/link");
    await expectHeld(box, {
      swap: ["exchange", listed, link, listed],
      falls: ["own-open", "pin", "object"],
      prepare: () => {
        for (const name of ["outside/listed", "outside/link"]) box.remove(name);
        box.write("outside/listed", "listed");
        box.symlink(secret, "outside/link");
      },
      grants: [{ path: box.path("outside"), rights: NAMES }],
    });
  },
);

asUsers("a folder on the way that becomes a link, or another folder, while a listed file is opened", async (box) => {
  const { listed } = prepare(box);
  for (const kind of ["link", "folder"] as const) {
    await expectHeld(box, {
      swap: ["exchange", box.path("outside"), box.path("elsewhere"), listed],
      falls: ["own-open", "pin", "object"],
      prepare: () => {
        for (const name of ["outside", "elsewhere", "other"]) box.remove(name);
        box.write("outside/listed", "listed");
        box.write("other/listed", "secret");
        if (kind === "link") box.symlink("other", "elsewhere");
        else box.write("elsewhere/listed", "secret");
      },
      grants: [{ path: box.dir, rights: NAMES }],
    });
  }
});

asUsers("a working directory that is moved while a listed file is opened from it", async (box) => {
  prepare(box);
  box.write("other/listed", "secret");
  const swap = ["cwd", box.path("outside"), box.path("other"), "listed"];
  await expectHeld(box, { swap, falls: ["own-open", "pin", "object"] });
});

asUsers("an fd that is replaced while a listed file is opened from its folder", async (box) => {
  prepare(box);
  box.write("other/listed", "secret");
  const swap = ["dirfd", box.path("outside"), box.path("other"), "listed"];
  await expectHeld(box, { swap, falls: ["own-open", "pin"] });
});

asUsers("names exchanged in scratch while one is opened never lead out of it", async (box) => {
  const { secret, scratch } = prepare(box);
  for (const [one, other, open] of [
    ["file", "link", "file"],
    ["folder", "folder-link", "folder/secret"],
  ] as const) {
    box.remove("scratch");
    box.write("scratch/file", "mine");
    box.symlink(secret, "scratch/link");
    box.write("scratch/folder/secret", "mine");
    box.symlink(box.path("outside"), "scratch/folder-link");
    const swap = ["exchange", `${scratch}/${one}`, `${scratch}/${other}`, `${scratch}/${open}`];
    const argv = (ms: number): string[] => [probePath("swap"), ...swap, String(ms)];
    expect(await words(runProcess(box, argv(FALLEN_MS)))).toContain("secret");
    expect(await words(runNaive(box, "pin", argv(FALLEN_MS)))).toContain("secret");
    for (const start of [
      () => runNaive(box, "nothing", argv(SOUND_MS)),
      () => run(box, { policy: brokered({ scratch: [scratch] }), argv: argv(HELD_MS) }),
    ]) {
      const held = await words(start());
      expect(held).toContain("mine");
      expect(held.filter((word) => !HARMLESS.includes(word))).toEqual([]);
    }
  }
});

/** A naive broker makes nothing: what had been made was looked up again by its name, and fell at once. */
asUsers("a listed file that becomes a link to another while it is made is no right to that", async (box) => {
  const { secret } = prepare(box);
  const made = box.path("outside/made");
  const grants = [{ path: box.path("outside"), rights: NAMES }];
  const policy = brokered({ allow_write: [made] }, grants);
  const control = await words(runProcess(box, [probePath("swap"), "made", made, secret, "20"]));
  expect(control).toContain("secret");
  box.remove("outside/made");
  const held = await words(run(box, { policy, argv: [probePath("swap"), "made", made, secret, String(MADE_MS)] }));
  expect(held).toContain("made");
  expect(held.filter((word) => !["EACCES", "made", "unmade"].includes(word))).toEqual([]);
});

asUsers(
  "the record tells the folder in which a file was opened, not the one that is at its fd by then",
  async (box) => {
    const { scratch } = prepare(box);
    box.write("scratch/a/only", "mine");
    const other = box.mkdir("outside/other");
    const policy = brokered({ scratch: [scratch] }, [{ path: other, rights: ["read_dir"] }]);
    const argv = [probePath("swap"), "dirfd", `${scratch}/a`, other, "only", String(HELD_MS)];
    const { stdout, events } = await run(box, { policy, argv, audit: true });
    expect(stdout).toContain("mine\n");
    const allowed = events.filter(({ event, decision }) => event === "broker.open" && decision === "allow");
    expect(allowed.length).toBeGreaterThan(100);
    expect(new Set(allowed.map(({ path }) => path))).toEqual(new Set([`${scratch}/a/only`]));
  },
);
