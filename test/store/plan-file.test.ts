/** A plan file runs what its policy would, is whole or refused, and is bound to what compiled it. */
import { expect } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { decodePlan } from "../../src/plan/decode.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import { PLAN_FILE } from "../../src/plan/layout.ts";
import type { PlanOp } from "../../src/plan/plan.ts";
import { asUsers } from "../harness/cases.ts";
import { landlockd, landlockdPath, readEvents, run } from "../harness/landlockd.ts";
import { runProcess } from "../harness/process.ts";
import { stage } from "../harness/stage.ts";
import { openTerminal } from "../harness/terminal.ts";
import {
  compiled,
  forge,
  headField,
  LAYOUT_AT,
  refusal,
  runBoth,
  runBun,
  runFront,
  strictPolicy,
  tryCompile,
  withPlan,
} from "./plans.ts";
import { openShelf } from "./shelf.ts";

asUsers("a plan file is as strict as its policy, served by the front and by Bun alike", async (box) => {
  const secret = box.write("outside/secret", "secret\n");
  const strict = await compiled(box, strictPolicy(box));
  const lax = await compiled(box, strictPolicy(box, true), [], "lax.plan");
  expect(await runBoth(box, lax, ["/bin/cat", secret])).toMatchObject({ status: 0, stdout: "secret\n" });
  const denied = await runBoth(box, strict, ["/bin/cat", secret]);
  expect(denied).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining("Permission denied") });
  const { events: _, ...byPolicy } = await run(box, { policy: strictPolicy(box), argv: ["/bin/cat", secret] });
  expect(denied).toEqual(byPolicy);
  expect(await runBoth(box, strict, ["/bin/sh", "-c", "exit 7"])).toMatchObject({ status: 7 });
  expect(await runBoth(box, strict, ["/bin/sh", "-c", "kill -TERM $$"])).toMatchObject({ signal: "SIGTERM" });
  expect(await runBun(box, strict, ["no-such-command"])).toMatchObject({ status: 127 });
  // Positive control of what tells the front's runs from Bun's: this is one that it leaves to Bun.
  expect(await runFront(box, strict, ["no-such-command"])).toMatchObject({
    status: 125,
    stderr: expect.stringContaining("ulimit -v"),
  });
  expect(await runBoth(box, strict, [box.write("outside/denied", "#!/bin/sh\n", 0o755)])).toMatchObject({
    status: 126,
  });
});

asUsers("its plan is, byte by byte, the one that a run puts in the store", async (box) => {
  const shelf = openShelf(box);
  const name = await shelf.fill(shelf.strict);
  const plan = readFileSync(await compiled(box, readFileSync(shelf.strict, "utf8")));
  const stored = readFileSync(`${shelf.plans}/${name}`);
  expect(plan.subarray(PLAN_FILE.sizeBytes).equals(stored.subarray(80))).toBe(true);
});

asUsers("it is written whole, with the mode of any new file, to a file or to stdout", async (box) => {
  const plan = await compiled(box, strictPolicy(box));
  expect(statSync(plan).mode & 0o777).toBe(0o644);
  expect(statSync(plan).uid).toBe(box.user.uid);
  const before = statSync(plan, { bigint: true });
  chmodSync(plan, 0o400);
  const script = 'umask 077; exec "$0" compile --policy-file "$1" --output="$2"';
  const argv = ["/bin/sh", "-c", script, landlockdPath(), `${plan}.toml`, plan];
  expect(await runProcess(box, argv)).toMatchObject({ status: 0, stderr: "" });
  expect(statSync(plan).mode & 0o777).toBe(0o600);
  expect(statSync(plan, { bigint: true }).ino).not.toBe(before.ino);
  expect(readdirSync(box.dir).filter((name) => name.startsWith(".new"))).toEqual([]);
  for (const to of ["", "-o -", "--output -"]) {
    const piped = 'exec "$0" compile --policy-file "$1" $2 >"$3"';
    await runProcess(box, ["/bin/sh", "-c", piped, landlockdPath(), `${plan}.toml`, to, box.path("piped")]);
    expect(readFileSync(box.path("piped")).equals(readFileSync(plan))).toBe(true);
  }
});

asUsers("what isn't a regular file is never replaced, and a terminal gets no plan", async (box) => {
  const policy = box.write("policy.toml", strictPolicy(box));
  const [folder, link] = [box.mkdir("folder"), box.symlink(box.write("target", "kept\n"), "link")];
  const fifo = box.path("fifo");
  await runProcess(box, ["mkfifo", fifo]);
  for (const output of [folder, link, fifo, "/dev/null", `${folder}/`]) {
    const result = await landlockd(box, ["compile", "--policy-file", policy, "-o", output]);
    expect([result.status, result.stdout]).toEqual([2, ""]);
    expect(result.stderr).toContain(`landlockd: ${output}: only a regular file is replaced\n`);
  }
  expect(readFileSync(box.path("target"), "utf8")).toBe("kept\n");
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  const nowhere = await landlockd(box, ["compile", "--policy-file", policy, "-o", box.path("no/plan")]);
  expect(nowhere.status).toBe(2);
  expect(nowhere.stderr).toContain("No such file or directory (ENOENT)");
  expect(nowhere.stderr).toContain("hint: its folder must be there");
  const terminal = openTerminal(box, [landlockdPath(), "compile", "--policy-file", policy]);
  await terminal.see(/a plan is nothing for a terminal/);
  expect(await terminal.ended()).toMatchObject({ status: 2 });
});

asUsers("a flipped bit anywhere", async (box) => {
  const plan = await compiled(box, strictPolicy(box));
  const intact = readFileSync(plan);
  const step = Math.ceil(intact.length / 48);
  const places = [0, 7, headField("plan_size"), headField("uid"), headField("reserved"), 191, 192];
  for (let at = 3; at < intact.length; at += step) places.push(at);
  const said = new Set<string>();
  for (const at of places) {
    const flipped = Buffer.from(intact);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(plan, flipped);
    said.add((await refusal(box, plan)).replace(/\d+/g, "N"));
  }
  expect([...said].sort()).toEqual([
    "the plan file is cut short: it has N of N bytes",
    "the plan file is damaged: its checksum is of other bytes",
    "this is not a plan file",
  ]);
  writeFileSync(plan, intact);
  expect(await runBoth(box, plan, ["/bin/true"])).toMatchObject({ status: 0 });
});

asUsers("a plan that is cut off, empty, or longer than it says", async (box) => {
  const plan = await compiled(box, strictPolicy(box));
  const intact = readFileSync(plan);
  for (const size of [0, 1, 8, PLAN_FILE.sizeBytes - 1]) {
    writeFileSync(plan, intact.subarray(0, size));
    expect(await refusal(box, plan)).toBe("this is not a plan file");
  }
  for (const size of [PLAN_FILE.sizeBytes, PLAN_FILE.sizeBytes + 8, intact.length - 1]) {
    writeFileSync(plan, intact.subarray(0, size));
    expect(await refusal(box, plan)).toBe(`the plan file is cut short: it has ${size} of ${intact.length} bytes`);
  }
  writeFileSync(plan, Buffer.concat([intact, Buffer.alloc(1)]));
  expect(await refusal(box, plan)).toContain("the plan file is too long");
  writeFileSync(plan, Buffer.alloc(4 * 1024 * 1024 + 1));
  expect(await refusal(box, plan)).toBe("the plan is larger than 4194304 bytes");
});

asUsers("a FIFO, a device, a folder, nothing, a policy; and a symlink, which is followed", async (box) => {
  const plan = await compiled(box, strictPolicy(box));
  const fifo = box.path("fifo");
  await runProcess(box, ["mkfifo", fifo]);
  expect(await refusal(box, fifo)).toBe("a plan is a regular file, and this is a FIFO");
  expect(await refusal(box, "/dev/zero")).toBe("a plan is a regular file, and this is a device or a socket");
  expect(await refusal(box, box.dir)).toBe("a plan is a file, and this is a directory");
  expect(await refusal(box, box.path("none"))).toBe("cannot read the plan: no such file");
  expect(await refusal(box, `${plan}.toml`)).toBe("this is not a plan file");
  symlinkSync(plan, box.path("link"));
  expect(await runBoth(box, box.path("link"), ["/bin/true"])).toMatchObject({ status: 0 });
});

asUsers("a plan of another build, of another version, of another layout", async (box) => {
  const plan = await compiled(box, strictPolicy(box));
  const { build, version } = PLAN_FILE.fields;
  // Positive control: what the forger does otherwise is right.
  const same = forge(plan, () => {});
  expect(same.equals(readFileSync(plan))).toBe(true);
  const other = forge(plan, (bytes) => bytes.writeUInt8((bytes[build.offset] ?? 0) ^ 1, build.offset));
  const newer = forge(plan, (bytes) => {
    bytes.fill(0, build.offset, build.offset + 32);
    bytes.write("9.9.9\n\u001b[2J\0", version.offset, "latin1");
  });
  const layout = forge(plan, (bytes) => bytes.writeUInt8((bytes[LAYOUT_AT] ?? 0) ^ 1, LAYOUT_AT));
  writeFileSync(plan, other);
  expect(await refusal(box, plan)).toMatch(/^compiled by another build of landlockd \S+ than this one$/);
  writeFileSync(plan, newer);
  expect(await refusal(box, plan)).toMatch(/^compiled by landlockd 9\.9\.9\?\?\[2J, and this is landlockd \S+$/);
  writeFileSync(plan, layout);
  expect(await refusal(box, plan)).toContain("a plan of another build of landlockd");
});

asUsers("a plan that nobody compiles: with less than every run gets, or with a listener", async (box) => {
  const file = await compiled(box, strictPolicy(box));
  const intact = readFileSync(file);
  const plan = decodePlan(Uint8Array.from(intact.subarray(PLAN_FILE.sizeBytes)));
  const write = (ops: readonly PlanOp[]): void => writeFileSync(file, withPlan(file, encodePlan({ ...plan, ops })));
  write(plan.ops);
  expect(readFileSync(file).equals(intact)).toBe(true);
  for (const kind of ["drop_caps", "no_new_privs", "restrict", "filter", "restore"]) {
    write(plan.ops.filter((op) => op.kind !== kind));
    expect(await refusal(box, file)).toContain("cannot set up the sandbox (plan)");
  }
  const filter = plan.ops.at(-1);
  if (filter === undefined) throw new Error("a plan without operations");
  write([...plan.ops.slice(0, -1), { ...filter, flags: 1 }, filter]);
  expect(await refusal(box, file)).toContain("needs a broker");
  // C has nothing against this one: that a plan file has no broker's lists, the front knows as well.
  const listed: PlanOp = { kind: "listed", flags: 1, text: "/etc/hostname" };
  write(plan.ops.flatMap((op) => (op.kind === "fork" ? [listed, op] : [op])));
  expect(await refusal(box, file)).toContain("needs a broker");
  const padded = Buffer.concat([intact.subarray(PLAN_FILE.sizeBytes), Buffer.alloc(8)]);
  padded.writeUInt32LE(padded.length, 40);
  writeFileSync(file, withPlan(file, padded));
  expect(await refusal(box, file)).toContain("isn't one that landlockd compiles");
});

asUsers("a policy with a broker is no plan, and its list is named with its place", async (box) => {
  const lists = {
    allow_read: '["/etc/hostname"]',
    allow_write: `["${box.path("outside/log")}"]`,
    scratch: `["${box.mkdir("scratch")}"]`,
    mount_tmpfs: `["${box.mkdir("tmp")}"]`,
  };
  for (const [name, value] of Object.entries(lists)) {
    const result = await tryCompile(box, `${strictPolicy(box)}[broker]\n${name} = ${value}\n`);
    expect([result.status, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toMatch(
      new RegExp(
        `^landlockd: \\S+p\\.plan\\.toml:\\d+:\\d+: broker\\.${name} needs the policy [^\\n]+\\n {2}hint: .+\\n$`,
      ),
    );
    expect(await Bun.file(box.path("p.plan")).exists()).toBe(false);
  }
});

asUsers("what has no meaning beside a plan is refused", async (box) => {
  const plan = await compiled(box, strictPolicy(box));
  const flags: readonly (readonly [string, ...string[]])[] = [
    ["--policy-file", `${plan}.toml`],
    ["--policy", "ci-default"],
    ["--set", "A=b"],
    ["--socket", box.path("socket")],
    ["--best-effort"],
  ];
  for (const each of flags) {
    expect(await refusal(box, plan, { flags: each })).toBe(`--plan and ${each[0]} are both given`);
  }
  expect(await refusal(box, plan, { flags: ["--plan", plan] })).toBe("--plan is given twice");
  for (const flag of ["-o", "-x", "--output"]) expect(await refusal(box, plan, { flags: [flag] })).toContain("unknown");
});

asUsers("a record of such a run names the plan file, the same with Bun and without", async (box) => {
  const plan = await compiled(box, strictPolicy(box));
  const sink = box.path("audit.jsonl");
  const result = await runBoth(box, plan, ["/bin/sh", "-c", "echo out; exit 3"], { flags: ["--audit", sink] });
  expect(result).toMatchObject({ status: 3, stdout: "out\n", stderr: "" });
  const events = readEvents(sink).map(({ event, ...fields }) => [event, fields["policy_file"], fields["status"]]);
  const once = [
    ["run.start", plan, undefined],
    ["run.exit", undefined, 3],
  ];
  expect(events).toEqual([...once, ...once]);
});

asUsers("a dry run shows the plan and what it was made from, and runs nothing", async (box) => {
  const policy = strictPolicy(box);
  const plan = await compiled(box, policy);
  const mark = box.path("inside/ran");
  const argv = ["run", "--plan", plan, "--dry-run", "--", "/usr/bin/touch", mark];
  const shown = await landlockd(box, argv);
  expect(shown).toMatchObject({ status: 0, stderr: "" });
  expect(shown.stdout).toContain(box.path("inside"));
  expect(shown.stdout).toContain(new Bun.CryptoHasher("sha256").update(policy).digest("hex"));
  expect(await Bun.file(mark).exists()).toBe(false);
  writeFileSync(
    plan,
    forge(plan, (bytes) => bytes.writeUInt32LE(99, headField("needed_abi"))),
  );
  const unfit = await landlockd(box, argv);
  expect(unfit).toMatchObject({ status: 125, stderr: "", stdout: expect.stringContaining("needs Landlock ABI 99") });
});

asUsers("a path that has gone since is told, and a plan that its run may write is warned of", async (box) => {
  const plan = await compiled(box, strictPolicy(box, true));
  box.remove("outside");
  expect(await refusal(box, plan)).toContain(`cannot grant rights on "${box.path("outside")}": No such file`);
  mkdirSync(box.path("outside"));
  const result = await tryCompile(box, strictPolicy(box), [], "inside/p.plan");
  expect(result).toMatchObject({
    status: 0,
    stderr: expect.stringContaining("warning: the policy lets a run write this plan"),
  });
});

asUsers("an executable without its front has no plan files", async (box) => {
  const unlinked = stage(resolve(import.meta.dir, "../../build/landlockd-unlinked"));
  const plan = await compiled(box, strictPolicy(box));
  const made = await runProcess(box, [unlinked, "compile", "--policy", "ci-default"]);
  expect(made).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("built without its front") });
  const ran = await runProcess(box, [unlinked, "run", "--plan", plan, "--", "/bin/true"]);
  expect(ran).toMatchObject({ status: 125, stderr: expect.stringContaining("built without its front") });
});
