/** What fuzzing starts from: good inputs of today's formats, made by what makes them in a run. */
import { compile } from "../../src/compile/compile.ts";
import { encodeFrame } from "../../src/daemon/frame.ts";
import { writeRunRequest } from "../../src/daemon/request.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import { validatePolicy } from "../../src/policy/validate.ts";
import { encodeLaunch } from "../../src/run/launch.ts";
import { encodePlanFile } from "../../src/store/plan-file.ts";
import { documentPolicies, STARTERS, starterText } from "../harness/documents.ts";
import { HOST } from "../harness/host.ts";
import { VARIABLES } from "../harness/policy-text.ts";

const PLAIN = `version = 1
[[fs_layer]]
handled_access_fs = ["read_file"]
rule = [{ path = "/usr", allowed_access = ["read_file"] }]
[net]
handled_access_net = ["connect_tcp"]
rule = [{ port = 443, allowed_access = ["connect_tcp"] }]
[runtime]
cwd = "/"
`;

const MOUNTS = `version = 1
[mount]
tmpfs = [{ path = "/mnt", size = "1M", mode = "0700" }]
proc = ["/proc"]
bind = [{ source = "/usr", target = "/srv" }]
[runtime]
root = "/srv"
`;

const BROKER = `version = 1
[broker]
allow_read = ["/etc/passwd"]
scratch = ["/tmp/scratch"]
mount_tmpfs = ["/mnt"]
mount_object = [{ name = "o", fs_type = "tmpfs", attach = ["/mnt"], attrs = ["nodev"] }]
`;

/** Texts of good policies. */
export const POLICIES: readonly string[] = [
  PLAIN,
  MOUNTS,
  BROKER,
  ...documentPolicies().map(({ text }) => text),
  ...STARTERS.map(starterText),
];

const VARIABLES_OF_SEEDS = { ...VARIABLES, set: new Map([["ROOT", "/srv/root"]]) };

function loaded(text: string): ReturnType<typeof validatePolicy> {
  return validatePolicy({ file: "seed", bytes: Buffer.from(text), policyDir: undefined }, VARIABLES_OF_SEEDS);
}

const plans = (): Uint8Array[] =>
  [PLAIN, MOUNTS, BROKER].map((text) => encodePlan(compile(loaded(text).policy, HOST).plan));

/** Of the build that test/fuzz/plan_file.c has. */
export const BUILD: Uint8Array = Uint8Array.from({ length: 32 }, (_, at) => (at < 3 ? at + 1 : 0));

export function planFiles(): Uint8Array[] {
  return [PLAIN, MOUNTS].map((text) => {
    const { policy } = loaded(text);
    const { plan } = compile(policy, HOST);
    const file = encodePlanFile({ plan, policy, text: Buffer.from(text), host: HOST, uid: 1000, build: BUILD });
    if (file === undefined) throw new Error("a seed is too large for a plan file");
    return file;
  });
}

function launch(): Uint8Array {
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

export function frames(): Uint8Array[] {
  const digest = new Uint8Array(32).fill(7);
  return [
    encodeFrame("hello", [
      ["version", "0.1.0"],
      ["layout", digest],
      ["flags", 1],
    ]),
    encodeFrame("plan", [
      ["flags", 1],
      ["policy_file", "p.toml"],
      ["mac", digest],
    ]),
    encodeFrame("becomes", [
      ["policy_file", "p.toml"],
      ["argc", 1],
      ["key", digest],
      ["mac", digest],
    ]),
    encodeFrame("ended", [["status", 256]]),
    writeRunRequest({
      policyFile: "p.toml",
      policyDir: "/d",
      policyName: "p",
      variables: VARIABLES_OF_SEEDS,
      bestEffort: true,
      audit: true,
      jobId: "job",
      argc: 2,
    }),
  ];
}

const WORDS = [
  ["landlockd", "run", "--policy-file", "p.toml", "--set", "A=B", "--audit=-", "--", "true", "x"],
  ["landlockd", "run", "--policy=ci-default", "--socket", "/s", "--", "true"],
  ["landlockd", "run", "--plan", "p.plan", "--", "true"],
];
const request = (words: readonly string[]): Buffer => Buffer.from(`${words.join("\0")}\0\0HOME=/h\0PATH=/bin\0`);

/** Each harness in C, and the inputs that it accepts. */
export function seedsInC(): Readonly<Record<string, readonly Uint8Array[]>> {
  const chosen = (choice: number, bytes: Uint8Array): Uint8Array => Buffer.concat([Buffer.of(choice), bytes]);
  return {
    plan: [...plans().map((bytes) => chosen(2, bytes)), chosen(1, launch())],
    plan_file: planFiles().map((bytes) => chosen(3, bytes)),
    frame: frames().map((bytes) => chosen(1, bytes)),
    request: WORDS.map(request),
    sieve_path: ["/srv/scratch/a\0/etc\0/srv/scratch\0", "/a/b\0/\0"].map((text) => Buffer.from(text)),
  };
}
