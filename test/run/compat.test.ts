import { expect } from "bun:test";
import { openBox } from "../harness/box.ts";
import { testUnless } from "../harness/cases.ts";
import { landlockd, run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { UNPRIVILEGED } from "../harness/user.ts";

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
    /policy\.toml:\d+:\d+: .*bind_udp.* needs Landlock ABI 10 .*this host has Landlock ABI \d+/,
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
