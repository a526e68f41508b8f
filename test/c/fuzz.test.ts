import { expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { compile } from "../../src/compile/compile.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import { validatePolicy } from "../../src/policy/validate.ts";
import { encodeLaunch } from "../../src/run/launch.ts";
import { testUnless } from "../harness/cases.ts";
import { HOST } from "../harness/host.ts";

const POLICY = `version = 1
[[fs_layer]]
handled_access_fs = ["read_file"]
rule = [{ path = "/usr", allowed_access = ["read_file"] }]
[net]
handled_access_net = ["connect_tcp"]
rule = [{ port = 443, allowed_access = ["connect_tcp"] }]
[runtime]
cwd = "/"
`;

/** All of the library but for what the harness includes (launch.c) and what a libc has already. */
function sources(): string[] {
  const library = spawnSync("make", ["-s", "library-sources"]).stdout.toString().trim().split(" ");
  return ["test/c/fuzz_plan.c", ...library.filter((file) => !/\/(launch|string)\.c$/.test(file))];
}

const RUNS = 300_000;

function seedPlan(): Uint8Array {
  const source = { file: "seed", bytes: Buffer.from(POLICY), policyDir: undefined };
  const { policy } = validatePolicy(source, { cwd: "/", env: {}, uid: 0, set: new Map() });
  return encodePlan(compile(policy, HOST).plan);
}

function seedLaunch(): Uint8Array {
  return encodeLaunch({
    argv: [Buffer.from("true"), Buffer.from("")],
    env: [Buffer.from("A=B")],
    candidates: [Buffer.from("/bin/true")],
    flags: 0,
    start: {
      front: true,
      argv: [],
      env: [],
      ignored: 0n,
      blocked: 0n,
      nofile: { soft: 1024n, hard: 4096n },
      stdioFlags: [0, 1, 1],
      closedFds: 0,
      build: undefined,
    },
  });
}

const clang = spawnSync("clang", ["--version"]).status === 0 ? undefined : "clang isn't installed";

testUnless(clang, "whatever C reads of a plan or a launch request lies inside it, under ASan and UBSan", () => {
  mkdirSync("build", { recursive: true });
  const folder = mkdtempSync("build/fuzz-");
  try {
    const sanitizers = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=undefined"];
    const build = spawnSync("clang", [
      "-std=gnu17",
      "-O1",
      "-g",
      "-iquote",
      "csrc",
      ...sanitizers,
      "-o",
      `${folder}/fuzz`,
      ...sources(),
    ]);
    expect(build.stderr.toString()).toBe("");
    mkdirSync(`${folder}/corpus`);
    writeFileSync(`${folder}/corpus/plan`, Buffer.concat([Buffer.of(0), seedPlan()]));
    writeFileSync(`${folder}/corpus/launch`, Buffer.concat([Buffer.of(1), seedLaunch()]));
    // Control: the seeds are accepted, and a seed with one byte off is not.
    const accepts = (file: string): boolean =>
      spawnSync(`${folder}/fuzz`, [file], { env: { MUST_ACCEPT: "1" } }).status === 0;
    writeFileSync(`${folder}/refused`, Buffer.concat([Buffer.of(0), seedPlan().fill(0xff, 0, 1)]));
    expect(accepts(`${folder}/corpus/plan`)).toBe(true);
    expect(accepts(`${folder}/corpus/launch`)).toBe(true);
    expect(accepts(`${folder}/refused`)).toBe(false);
    const options = [`-runs=${RUNS}`, "-seed=1", "-max_len=16384", `-artifact_prefix=${folder}/`];
    const fuzz = spawnSync(`${folder}/fuzz`, [...options, `${folder}/corpus`]);
    const output = fuzz.stderr.toString();
    expect(output).toContain(`Done ${RUNS} runs`);
    expect(fuzz.status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
