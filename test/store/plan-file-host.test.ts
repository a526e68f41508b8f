/** A plan file runs where all of it is enforced, for whom it was compiled, and is refused everywhere else with the reason. */
import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { probeHost } from "../../src/native/host.ts";
import { type Box, openBox } from "../harness/box.ts";
import { asRoot, asUsers, asUsersUnless } from "../harness/cases.ts";
import { readEvents } from "../harness/landlockd.ts";
import { systemAndInside } from "../harness/policies.ts";
import { UNPRIVILEGED } from "../harness/user.ts";
import { compiled, forge, headField, NO_UID, refusal, runBoth, runBun, strictPolicy, tryCompile } from "./plans.ts";

function setField(plan: string, name: "uid" | "needed_abi" | "missing_scopes" | "abi", value: number): void {
  writeFileSync(
    plan,
    forge(plan, (bytes) => bytes.writeUInt32LE(value, headField(name))),
  );
}

asUsers("a kernel with less Landlock than the plan needs", async (box) => {
  const plan = await compiled(box, strictPolicy(box));
  setField(plan, "needed_abi", 1);
  expect(await runBoth(box, plan, ["/bin/true"])).toMatchObject({ status: 0 });
  setField(plan, "needed_abi", 99);
  expect(await refusal(box, plan)).toMatch(/^the plan needs Landlock ABI 99; this host has Landlock ABI \d+$/);
});

asUsers("a kernel with scopes that were missing when the plan was compiled", async (box) => {
  const plan = await compiled(box, strictPolicy(box));
  setField(plan, "abi", 5);
  expect(await runBoth(box, plan, ["/bin/true"])).toMatchObject({ status: 0 });
  setField(plan, "missing_scopes", 3);
  expect(await refusal(box, plan)).toMatch(
    /^the plan was compiled for Landlock ABI 5 [^;]+; this host has [^,]+, and a run also gets scope\.abstract_unix_socket, scope\.signal$/,
  );
});

asUsers("a plan with a user's number in it is that user's", async (box) => {
  box.mkdir(`inside/${box.user.uid}`);
  const policy = `${strictPolicy(box)}# \${UID} in a comment is no use of it\n`;
  expect(readFileSync(await compiled(box, policy)).readUInt32LE(headField("uid"))).toBe(NO_UID);
  const own = `${policy}[[fs_layer.rule]]\npath = "${box.path("inside")}/\${UID}"\nallowed_access = ["read_dir"]\n`;
  const plan = await compiled(box, own);
  expect(await runBoth(box, plan, ["/bin/true"])).toMatchObject({ status: 0 });
  setField(plan, "uid", 4711);
  expect(await refusal(box, plan)).toBe(`the plan has \${UID} of user 4711 in it, and this is user ${box.user.uid}`);
  // A value of --set is nobody's number.
  const given = await compiled(box, own, ["--set", `UID=${box.user.uid}`], "given.plan");
  expect(readFileSync(given).readUInt32LE(headField("uid"))).toBe(NO_UID);
});

const HAS_ABI_9 = probeHost().landlock.abi >= 9 ? "this host has resolve_unix" : undefined;

asUsersUnless(HAS_ABI_9, "what this host can't enforce makes no plan, whatever compat says", async (box) => {
  // Granted somewhere: else the filter would hold it in Landlock's place.
  const rule = 'rule = [{ path = "/", allowed_access = ["resolve_unix"] }]';
  const layer = `[[fs_layer]]\nhandled_access_fs = ["read_file", "resolve_unix"]\n${rule}\n`;
  for (const compat of ["strict", "best-effort"]) {
    const result = await tryCompile(box, `version = 1\ncompat = "${compat}"\n${layer}`);
    expect([result.status, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toMatch(
      /:4:35: fs_layer\[0\]\.handled_access_fs\.resolve_unix needs Landlock ABI 9 [^\n]+\n {2}hint: a plan/,
    );
    expect(await Bun.file(box.path("p.plan")).exists()).toBe(false);
  }
});

const TMPFS = (box: Box): string => `${systemAndInside(box)}[mount]\ntmpfs = ["${box.mkdir("inside/tmp")}"]\n`;

asUsers("mounts are part of a plan, and a run with them leaves its record", async (box) => {
  const plan = await compiled(box, TMPFS(box));
  const script = `echo x >${box.path("inside/tmp")}/file && cat ${box.path("inside/tmp")}/file`;
  expect(await runBoth(box, plan, ["/bin/sh", "-c", script])).toMatchObject({ status: 0, stdout: "x\n", stderr: "" });
  expect(await Bun.file(box.path("inside/tmp/file")).exists()).toBe(false);
  const sink = box.path("audit.jsonl");
  expect(await runBun(box, plan, ["/bin/true"], { flags: ["--audit", sink] })).toMatchObject({ status: 0 });
  expect(readEvents(sink).map(({ event, path }) => [event, path])).toEqual([
    ["mount.tmpfs", box.path("inside/tmp")],
    ["run.start", undefined],
    ["run.exit", undefined],
  ]);
});

asUsers("of two mounts the record of a run that failed names the one that did", async (box) => {
  const [first, second] = [box.mkdir("inside/first"), box.mkdir("inside/second")];
  const plan = await compiled(box, `${systemAndInside(box)}[mount]\ntmpfs = ["${first}", "${second}"]\n`);
  box.remove("inside/second");
  const sink = box.path("audit.jsonl");
  const result = await runBun(box, plan, ["/bin/true"], { flags: ["--audit", sink] });
  expect(result).toMatchObject({ status: 125, stderr: expect.stringContaining(second) });
  expect(readEvents(sink).map(({ event, path, decision }) => [event, path, decision])).toEqual([
    ["mount.tmpfs", first, "allow"],
    ["mount.tmpfs", second, "error"],
    ["run.error", undefined, undefined],
  ]);
});

/** The same folder, for another user. */
function boxOf(box: Box): Box {
  return { ...box, user: UNPRIVILEGED };
}

asRoot("a plan that root compiled: without mounts it serves every user, with them only root", async (box) => {
  const secret = box.write("inside/roots", "roots\n", 0o600);
  const shared = box.write("inside/shared", "shared\n", 0o644);
  const plan = await compiled(box, strictPolicy(box));
  const user = boxOf(box);
  expect(await runBoth(user, plan, ["/bin/cat", shared])).toMatchObject({ status: 0, stdout: "shared\n" });
  // The policy grants it, the file's owner doesn't.
  expect(await runBoth(user, plan, ["/bin/cat", secret])).toMatchObject({ status: 1, stdout: "" });
  expect(await runBoth(box, plan, ["/bin/cat", secret])).toMatchObject({ status: 0, stdout: "roots\n" });
  const mounts = await compiled(box, TMPFS(box), [], "mounts.plan");
  expect(await refusal(user, mounts)).toBe("the plan mounts as a user with CAP_SYS_ADMIN, and this one lacks it");
});

asRoot("a plan with mounts that a user compiled isn't one for root", async (box) => {
  await using users = openBox(UNPRIVILEGED);
  const mounts = await compiled(users, TMPFS(users));
  expect(await runBoth(users, mounts, ["/bin/true"])).toMatchObject({ status: 0 });
  expect(await refusal(box, mounts)).toBe("the plan mounts as a user without CAP_SYS_ADMIN, and this one has it");
});

asUsers("a PID namespace of its own, with its proc", async (box) => {
  const policy = `${systemAndInside(box)}[mount]\nproc = ["/proc"]\n`;
  const plan = await compiled(box, policy);
  const argv = ["/bin/sh", "-c", "ls /proc | grep -c '^[0-9]'; echo $$"];
  const result = await runBun(box, plan, argv);
  expect(result).toMatchObject({ status: 0, stderr: "" });
  expect(Number(result.stdout.split("\n")[0])).toBeLessThan(8);
});
