import { expect } from "bun:test";
import { chmodSync, chownSync, readdirSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { asUnprivileged, asUsers } from "../harness/cases.ts";
import { landlockd, readEvents } from "../harness/landlockd.ts";
import { openShelf } from "./shelf.ts";

/** Fields whose values differ from run to run. */
const VARYING: ReadonlySet<string> = new Set(["timestamp", "run_id", "pid"]);

asUsers("the second run of a policy is served by the front, and as strict as the first", async (box) => {
  const shelf = openShelf(box);
  const denied = { status: 1, stdout: "", stderr: expect.stringContaining("Permission denied") };
  expect(await shelf.run(shelf.strict)).toMatchObject({ by: "bun", ...denied });
  expect(await shelf.run(shelf.strict)).toMatchObject({ by: "front", ...denied });
  // Positive control: under another policy the same command reads the file, cold and warm.
  expect(await shelf.run(shelf.lax)).toMatchObject({ by: "bun", status: 0, stdout: "secret\n" });
  expect(await shelf.run(shelf.lax)).toMatchObject({ by: "front", status: 0, stdout: "secret\n" });
  expect(shelf.names().length).toBe(2);
});

asUsers("store and key are the user's alone", async (box) => {
  const shelf = openShelf(box);
  const name = await shelf.fill(shelf.strict);
  const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8);
  expect(mode(shelf.plans)).toBe("700");
  expect(mode(`${shelf.plans}/${name}`)).toBe("600");
  expect(mode(box.path(".local/state/landlockd"))).toBe("700");
  expect(mode(shelf.key)).toBe("600");
  expect(statSync(shelf.key)).toMatchObject({ uid: box.user.uid, size: 32 });
});

asUsers("a value that a policy uses is part of its plan's name, one that it doesn't use isn't", async (box) => {
  const shelf = openShelf(box);
  const here = { TMPDIR: box.path("inside") };
  const there = { TMPDIR: box.mkdir("elsewhere") };
  await shelf.fill(shelf.strict);
  expect(await shelf.run(shelf.strict, { env: there, cwd: box.path("inside") })).toMatchObject({ by: "front" });
  const text = await Bun.file(shelf.strict).text();
  for (const path of ["${TMPDIR}", "${T\\u004dPDIR}"]) {
    const policy = box.write("uses.toml", text.replace(JSON.stringify(box.path("inside")), `"${path}"`));
    for (const env of [here, there]) {
      expect(await shelf.run(policy, { env })).toMatchObject({ by: "bun" });
      expect(await shelf.run(policy, { env })).toMatchObject({ by: "front" });
    }
  }
});

asUsers("what --set gives is part of the name", async (box) => {
  const shelf = openShelf(box);
  const text = await Bun.file(shelf.strict).text();
  const policy = box.write("set.toml", text.replace(JSON.stringify(box.path("inside")), '"${WORK}"'));
  const read = (work: string) => shelf.run(policy, { flags: ["--set", `WORK=${box.path(work)}`] });
  expect(await read("inside")).toMatchObject({ by: "bun", stdout: "" });
  expect(await read("inside")).toMatchObject({ by: "front", stdout: "" });
  expect(await read("outside")).toMatchObject({ by: "bun", stdout: "secret\n" });
  expect(await read("outside")).toMatchObject({ by: "front", stdout: "secret\n" });
  expect(await read("inside")).toMatchObject({ by: "front", stdout: "" });
});

asUsers("a policy that changed has another name, whatever its file is called", async (box) => {
  const shelf = openShelf(box);
  const policy = box.write("changes.toml", await Bun.file(shelf.lax).bytes());
  await shelf.fill(policy);
  expect(await shelf.run(policy)).toMatchObject({ by: "front", stdout: "secret\n" });
  box.write("changes.toml", await Bun.file(shelf.strict).bytes());
  expect(await shelf.run(policy)).toMatchObject({ by: "bun", status: 1, stdout: "" });
});

asUsers("what can't be executed is told alike, cold and warm", async (box) => {
  const shelf = openShelf(box);
  box.write("inside/folder/x", "");
  const commands: readonly (readonly [number, string])[] = [
    [127, "no-such-command"],
    [127, box.path("inside/none")],
    [126, box.path("inside/folder")],
    [126, box.write("inside/plain", "echo\n", 0o644)],
    [126, box.write("inside/script", "#!/no/such/interpreter\n", 0o755)],
    [126, box.write("inside/garbage", "\u007fELF garbage", 0o755)],
    [126, box.write("outside/denied", "#!/bin/sh\n", 0o755)],
    [126, box.write('outside/"denied"\n\u0001 \\ \u007f – \u{1f980}', "#!/bin/sh\n", 0o755)],
    [0, box.write("inside/works", "#!/bin/sh\nexit 0\n", 0o755)],
  ];
  await shelf.fill(shelf.strict);
  for (const [status, command] of commands) {
    const warm = await shelf.run(shelf.strict, { argv: [command] });
    const cold = await shelf.run(shelf.strict, { argv: [command], env: { LANDLOCKD_NO_FAST_PATH: "1" } });
    expect([command, cold.status]).toEqual([command, status]);
    expect([warm.status, warm.stdout, warm.stderr]).toEqual([cold.status, cold.stdout, cold.stderr]);
  }
});

asUsers("the status tells of a failure even where nobody reads stderr", async (box) => {
  const shelf = openShelf(box);
  await shelf.fill(shelf.strict);
  const denied = box.write("outside/denied", "#!/bin/sh\n", 0o755);
  const script = 'exec 2> >(exec true); sleep 0.2; "$@"; echo "status $?"';
  for (const more of [{}, { LANDLOCKD_NO_FAST_PATH: "1" }]) {
    const prefix = ["/bin/bash", "-c", script, "bash"];
    const argv = ["run", "--policy-file", shelf.strict, "--", denied];
    const result = await landlockd(box, argv, { prefix, env: { ...shelf.env, ...more } });
    expect(result.stdout).toBe("status 126\n");
  }
});

asUsers("a rule whose path has gone since is told as ever", async (box) => {
  const shelf = openShelf(box);
  await shelf.fill(shelf.lax);
  box.remove("outside");
  const result = await shelf.run(shelf.lax, { argv: ["/bin/true"] });
  expect(result).toMatchObject({ status: 125, stderr: expect.stringContaining(box.path("outside")) });
});

asUsers("a run that leaves a record leaves the same one without Bun", async (box) => {
  const shelf = openShelf(box);
  const record = async (script: string, by: string): Promise<unknown[]> => {
    const sink = box.path("audit.jsonl");
    box.remove("audit.jsonl");
    const env = { LANDLOCKD_JOB_ID: "job 7" };
    const result = await shelf.run(shelf.strict, { argv: ["/bin/sh", "-c", script], flags: ["--audit", sink], env });
    expect([script, result.by]).toEqual([script, by]);
    const events = readEvents(sink);
    expect(new Set(events.map((each) => `${each.run_id} ${each["pid"]}`)).size).toBe(1);
    expect(events[0]?.run_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    for (const { timestamp } of events) expect(new Date(timestamp).toISOString()).toBe(timestamp);
    expect(Math.abs(Date.parse(events[0]?.timestamp ?? "") - Date.now())).toBeLessThan(60_000);
    return [
      [result.status, result.signal, result.stdout],
      // In their order: the keys are the same, one by one.
      ...events.map((each) => Object.entries(each).map(([name, value]) => [name, VARYING.has(name) ? "" : value])),
    ];
  };
  for (const script of ["echo out", "exit 7", "kill -TERM $$", "kill -SEGV $$"]) {
    for (const file of [shelf.plans]) box.remove(file.slice(box.dir.length + 1));
    const cold = await record(script, "bun");
    expect(cold.length).toBe(3);
    expect(await record(script, "front")).toEqual(cold);
  }
});

asUsers("LANDLOCKD_NO_FAST_PATH leaves every run to Bun", async (box) => {
  const shelf = openShelf(box);
  await shelf.fill(shelf.strict);
  expect(await shelf.run(shelf.strict, { env: { LANDLOCKD_NO_FAST_PATH: "1" } })).toMatchObject({ by: "bun" });
});

asUnprivileged("policies of every length have the same name on both sides", async (box) => {
  const shelf = openShelf(box);
  const text = await Bun.file(shelf.strict).text();
  // A block of SHA-256 has 64 bytes, and its padding takes another one from 56 on.
  for (let length = 0; length < 66; length += 3) {
    const policy = box.write("padded.toml", `${text}#${"x".repeat(length)}`);
    await shelf.fill(policy);
    expect([length, (await shelf.run(policy)).by]).toEqual([length, "front"]);
  }
});

asUsers("a full store makes room: the oldest go, the newest stay", async (box) => {
  const shelf = openShelf(box);
  const own = await shelf.fill(shelf.lax);
  const names = Array.from({ length: 255 }, (_, index) => index.toString(16).padStart(64, "0"));
  for (const [age, name] of names.entries()) {
    const path = box.write(`runtime/landlockd/plans/${name}`, "old");
    chmodSync(path, 0o600);
    chownSync(path, box.user.uid, box.user.gid);
    utimesSync(path, 1_000_000 - age, 1_000_000 - age);
  }
  expect(shelf.names().length).toBe(256);
  expect(await shelf.run(shelf.strict)).toMatchObject({ by: "bun", status: 1 });
  const left = shelf.names();
  expect(left).toContain(own);
  expect(left.filter((name) => !names.includes(name)).length).toBe(2);
  // The youngest of those that were planted, and none that is older than one that went.
  expect(left.length).toBeLessThan(129);
  expect(left.filter((name) => names.includes(name))).toEqual(names.slice(0, left.length - 2));
  expect(await shelf.run(shelf.strict)).toMatchObject({ by: "front" });
});

asUnprivileged("without a runtime folder, plans are in the home's cache, which is made", async (box) => {
  const shelf = openShelf(box);
  const env = { XDG_RUNTIME_DIR: "" };
  const plans = box.path(".cache/landlockd/plans");
  expect(await shelf.run(shelf.lax, { env })).toMatchObject({ status: 0, stdout: "secret\n" });
  const before = shelf.fingerprint(plans);
  expect(readdirSync(plans)).toHaveLength(1);
  expect(await shelf.run(shelf.lax, { env })).toMatchObject({ status: 0, stdout: "secret\n" });
  expect(shelf.fingerprint(plans)).toBe(before);
  for (const made of [".cache", ".cache/landlockd/plans"]) {
    expect((statSync(box.path(made)).mode & 0o7777).toString(8)).toBe("700");
  }
});

asUnprivileged("a cache folder that is somewhere else is none", async (box) => {
  const shelf = openShelf(box);
  symlinkSync(box.mkdir("elsewhere"), box.path(".cache"));
  expect(await shelf.run(shelf.lax, { env: { XDG_RUNTIME_DIR: "" } })).toMatchObject({ status: 0, stdout: "secret\n" });
  expect(readdirSync(box.path("elsewhere"))).toEqual([]);
});
