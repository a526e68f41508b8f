/** Where Bun can't live, landlockd says so in one line, names the limit, and nothing has run. */
import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUnprivileged, asUsers } from "../harness/cases.ts";
import { landlockd, run } from "../harness/landlockd.ts";
import { brokeredPolicy, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { baseEnv } from "../harness/process.ts";
import { openStage } from "../store/brokered.ts";

const KIB = 1024;

/** One limit, soft and hard, in the unit of setrlimit(2). */
const under = (limit: string, value: number): string[] => ["prlimit", `--${limit}=${value}`, "--"];

/** Bun is started. */
const coldEnv = (box: Box): Record<string, string> => ({ ...baseEnv(box), LANDLOCKD_NO_FAST_PATH: "1" });

/** The run's command leaves a mark. */
const touch = (box: Box): string[] => ["/usr/bin/touch", box.path("inside/ran")];

async function expectRefusal(box: Box, prefix: readonly string[], line: RegExp): Promise<void> {
  box.remove("inside/ran");
  const refused = await run(box, { policy: VERSION_ONLY, argv: touch(box), prefix, env: coldEnv(box) });
  expect([prefix, refused.status, refused.signal, refused.stdout]).toEqual([prefix, 125, null, ""]);
  expect(refused.stderr).toMatch(line);
  expect(await Bun.file(box.path("inside/ran")).exists()).toBe(false);
  for (const argv of [["lint", box.path("policy.toml")], ["doctor"], ["--version"]]) {
    const other = await landlockd(box, argv, { prefix });
    expect([argv, prefix, other.status, other.stdout]).toEqual([argv, prefix, 2, ""]);
    expect(other.stderr).toMatch(line);
  }
}

/** With the least that is asked for, what takes most works. */
async function expectWork(box: Box, prefix: readonly string[]): Promise<void> {
  const linted = await landlockd(box, ["lint", box.path("policy.toml")], { prefix });
  expect([prefix, linted.status, linted.stderr]).toEqual([prefix, 0, ""]);
  for (const policy of [VERSION_ONLY, brokeredPolicy(box)]) {
    for (const audit of [false, true]) {
      const worked = await run(box, { policy, argv: ["/bin/echo", "works"], prefix, audit, env: coldEnv(box) });
      expect([prefix, worked.status, worked.stdout, worked.stderr]).toEqual([prefix, 0, "works\n", ""]);
    }
  }
}

/** Name, what ulimit calls it, what is too little, and the least that is enough. */
const LIMITS: readonly (readonly [name: string, flag: string, tooLittle: readonly number[], enough: number])[] = [
  ["as", "-v", [200_000 * KIB, 300_000 * KIB, 655_359 * KIB], 655_360 * KIB],
  ["data", "-d", [100_000 * KIB, 524_287 * KIB], 524_288 * KIB],
  ["stack", "-s", [64 * KIB, 255 * KIB], 256 * KIB],
  ["nofile", "-n", [4, 6, 23], 24],
];

for (const [name, flag, tooLittle, enough] of LIMITS) {
  asUsers(`ulimit ${flag}: too little is told, enough works`, async (box) => {
    for (const value of tooLittle) {
      const has = name === "nofile" ? value : value / KIB;
      const least = name === "nofile" ? enough : enough / KIB;
      const line = new RegExp(`^landlockd: cannot start: ulimit ${flag} is ${has} [^\\n]+needs ${least}\\n$`);
      await expectRefusal(box, under(name, value), line);
    }
    await expectWork(box, under(name, enough));
  });
}

asUsers("ulimit -v of what a third of Bun's own reservations takes: it works", async (box) => {
  box.write("policy.toml", VERSION_ONLY);
  for (const kib of [1_180_000, 1_500_000, 2_200_000, 12_000_000]) await expectWork(box, under("as", kib * KIB));
});

asUsers("ulimit -n that inherited files have used up is told", async (box) => {
  const many = (last: number): string[] => [probePath("with"), `open=3-${last}`, "--"];
  const line = /^landlockd: cannot start: ulimit -n leaves no room [^\n]+: Too many open files \(EMFILE\)\n$/;
  await expectRefusal(box, [...under("nofile", 32), ...many(29)], line);
  await expectWork(box, [...under("nofile", 64), ...many(29)]);
});

// User 0 has capabilities that the limit doesn't hold for.
asUnprivileged("ulimit -u that leaves no room for threads is told", async (box) => {
  const line =
    /^landlockd: cannot start: ulimit -u leaves no room [^\n]+: Resource temporarily unavailable \(EAGAIN\)\n$/;
  await expectRefusal(box, under("nproc", 2), line);
  await expectWork(box, under("nproc", 1000));
});

asUsers("where memory may not be written and executed, that is told", async (box) => {
  const line =
    /^landlockd: cannot start: memory that is written and executed [^\n]*MemoryDenyWriteExecute[^\n]*: Operation not permitted \(EPERM\)\n$/;
  await expectRefusal(box, [probePath("with"), "eperm=code", "--"], line);
});

asUsers("a run from a stored plan needs none of it, but with a broker that Bun may have to take over", async (box) => {
  const stage = await openStage(box);
  const policy = box.write(
    "plain.toml",
    `version = 1\n[[fs_layer]]\nhandled_access_fs = ["write_file", "make_reg", "make_dir", "remove_file", "truncate"]\n`,
  );
  const start = async (file: string) =>
    await landlockd(box, ["run", "--policy-file", file, "--", "/bin/echo", "ran"], {
      env: { ...baseEnv(box), ...stage.env },
      prefix: under("as", 300_000 * KIB),
    });
  expect((await stage.run(policy, { argv: ["/bin/true"] })).status).toBe(0);
  expect(await start(policy)).toMatchObject({ status: 0, stdout: "ran\n", stderr: "" });
  const brokered = await start(stage.policy);
  expect([brokered.status, brokered.stdout]).toEqual([125, ""]);
  expect(brokered.stderr).toMatch(/^landlockd: cannot start: ulimit -v is 300000 [^\n]+\n$/);
});
