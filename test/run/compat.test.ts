import { expect } from "bun:test";
import { openBox } from "../harness/box.ts";
import { testUnless } from "../harness/cases.ts";
import { landlockd, run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { ROOT, SUITE_IS_ROOT, UNPRIVILEGED } from "../harness/user.ts";

/** A right that came with ABI 10: more than the kernels have on which this suite runs today. */
const NEEDS_ABI_10 = `[net]\nhandled_access_net = ["connect_tcp", "bind_udp"]\n`;

async function obstacle(): Promise<string | undefined> {
  await using box = openBox(UNPRIVILEGED);
  const doctor = await landlockd(box, ["doctor"]);
  const abi = Number(/Landlock ABI (\d+)/.exec(doctor.stdout)?.[1]);
  return abi < 10 ? undefined : `this kernel has Landlock ABI ${abi} and enforces all that a policy can say`;
}

const TOO_NEW = await obstacle();

testUnless(TOO_NEW, "an item that the host can't enforce fails the run, by name, need and what is there", async () => {
  await using box = openBox(UNPRIVILEGED);
  const policy = VERSION_ONLY + NEEDS_ABI_10;
  const result = await run(box, { policy, argv: ["/usr/bin/touch", box.path("inside/ran")] });
  expect([result.status, result.stdout]).toEqual([125, ""]);
  expect(result.stderr).toMatch(
    /policy\.toml:\d+:\d+: .*bind_udp.* needs Landlock ABI 10 .*this host has Landlock ABI \d+\n/,
  );
  expect(await Bun.file(box.path("inside/ran")).exists()).toBe(false);
});

testUnless(TOO_NEW, "best effort runs without it, and says so on stderr and in the audit stream", async () => {
  await using box = openBox(UNPRIVILEGED);
  const ways = [
    { policy: VERSION_ONLY + NEEDS_ABI_10, flags: ["--best-effort"] },
    { policy: `${VERSION_ONLY}compat = "best-effort"\n${NEEDS_ABI_10}`, flags: [] },
  ];
  for (const way of ways) {
    box.remove("audit.jsonl");
    const result = await run(box, { ...way, argv: ["/bin/echo", "ran"], audit: true });
    expect([result.status, result.stdout]).toEqual([0, "ran\n"]);
    expect(result.stderr).toMatch(/bind_udp.* needs Landlock ABI 10/);
    expect(result.events.map((event) => event.event)).toEqual(["run.degraded", "run.start", "run.exit"]);
    expect(result.events[0]).toMatchObject({ item: expect.stringContaining("bind_udp") });
    const unsupervised = await run(box, { ...way, argv: ["/bin/echo", "ran"] });
    expect([unsupervised.status, unsupervised.stdout]).toEqual([0, "ran\n"]);
    expect(unsupervised.stderr).toMatch(/bind_udp.* needs Landlock ABI 10/);
  }
});

testUnless(TOO_NEW, "the dry run names it, and its status tells whether all of the policy is enforceable", async () => {
  await using box = openBox(UNPRIVILEGED);
  const enforceable = box.write("enforceable.toml", `${VERSION_ONLY}[net]\nhandled_access_net = ["connect_tcp"]\n`);
  const yes = await landlockd(box, ["run", "--policy-file", enforceable, "--dry-run", "--", "/bin/true"]);
  expect(yes.status).toBe(0);
  const beyond = box.write("beyond.toml", VERSION_ONLY + NEEDS_ABI_10);
  const no = await landlockd(box, ["run", "--policy-file", beyond, "--dry-run", "--", "/bin/true"]);
  expect(no.status).toBe(125);
  expect(no.stdout).toContain("bind_udp");
});

const WITHOUT_UDP = `${VERSION_ONLY}without = ["bind_udp"]\n${NEEDS_ABI_10}`;
const SAID = /^landlockd: this host has Landlock ABI \d+.*: not held are bind_udp, which the policy does without\n$/;

testUnless(TOO_NEW, "what a policy does without by name fails no run, and each run says so once", async () => {
  for (const user of SUITE_IS_ROOT ? [ROOT, UNPRIVILEGED] : [UNPRIVILEGED]) {
    await using box = openBox(user);
    // The first starts Bun, the second is the front's.
    for (let turn = 0; turn < 2; turn++) {
      const result = await run(box, { policy: WITHOUT_UDP, argv: ["/bin/echo", "ran"] });
      expect([result.status, result.stdout]).toEqual([0, "ran\n"]);
      expect(result.stderr).toMatch(SAID);
    }
    // The rest of the policy is held as ever.
    const denied = await run(box, { policy: WITHOUT_UDP, argv: [probePath("net"), "connect_v4", "1"] });
    expect(denied.stdout).toContain("connect_v4 EACCES");
    const recorded = await run(box, { policy: WITHOUT_UDP, argv: ["/bin/echo", "ran"], audit: true });
    expect(recorded.stderr).toMatch(SAID);
    expect(recorded.events.map(({ event }) => event)).toEqual(["run.degraded", "run.start", "run.exit"]);
  }
});

testUnless(TOO_NEW, "a policy that does without one right doesn't do without another", async () => {
  await using box = openBox(UNPRIVILEGED);
  const policy = `${VERSION_ONLY}without = ["connect_send_udp"]\n${NEEDS_ABI_10}`;
  const result = await run(box, { policy, argv: ["/usr/bin/touch", box.path("inside/ran")] });
  expect(result.status).toBe(125);
  expect(result.stderr).toContain("net.handled_access_net.bind_udp needs Landlock ABI 10");
  expect(await Bun.file(box.path("inside/ran")).exists()).toBe(false);
});

testUnless(TOO_NEW, "the dry run names what the policy does without, and isn't a failure", async () => {
  await using box = openBox(UNPRIVILEGED);
  const file = box.write("without.toml", WITHOUT_UDP);
  const shown = await landlockd(box, ["run", "--policy-file", file, "--dry-run", "--", "/bin/true"]);
  expect(shown.status).toBe(0);
  expect(shown.stdout).toMatch(/--.*bind_udp: needs Landlock ABI 10 .*the policy does without it/);
  expect(shown.stdout).not.toContain("all of it is enforced");
});

testUnless(TOO_NEW, "a plan file says the same, and isn't run where the host has what it goes without", async () => {
  await using box = openBox(UNPRIVILEGED);
  const file = box.write("without.toml", WITHOUT_UDP);
  const plan = box.path("inside/plan");
  expect((await landlockd(box, ["compile", "--policy-file", file, "-o", plan])).status).toBe(0);
  const result = await landlockd(box, ["run", "--plan", plan, "--", "/bin/echo", "ran"]);
  expect([result.status, result.stdout]).toEqual([0, "ran\n"]);
  expect(result.stderr).toMatch(SAID);
});

testUnless(undefined, "only rights that came later can be done without", async () => {
  await using box = openBox(UNPRIVILEGED);
  const policy = `${VERSION_ONLY}without = ["execute"]\n`;
  const result = await run(box, { policy, argv: ["/bin/true"] });
  expect(result.status).toBe(125);
  expect(result.stderr).toContain('"execute" is not known as without');
});
