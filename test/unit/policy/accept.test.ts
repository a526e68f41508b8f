import { expect, test } from "bun:test";
import { stringify } from "smol-toml";
import { acceptPolicy } from "../../../src/policy/accept.ts";
import { policyShape } from "../../../src/policy/shape-of.ts";
import { Expander } from "../../../src/policy/variables.ts";
import { bytesOf, loadBothWays, refusal, VARIABLES } from "../../harness/policy-text.ts";
import { Random } from "../../harness/random.ts";

const accepts = (document: unknown): boolean => acceptPolicy(document, new Expander(VARIABLES, "/p")) !== undefined;

test("the shape says all that the schema says", () => {
  expect(policyShape()).toMatchObject({ is: "table", entries: { version: { shape: { is: "one_of", values: [1] } } } });
});

test("what is no policy at all is refused", () => {
  for (const document of [undefined, null, 1, "version", [], [1], true, Symbol("a date"), {}, { version: 2 }]) {
    expect(accepts(document)).toBe(false);
  }
  expect(accepts({ version: 1 })).toBe(true);
});

test("keys that every object has are keys like others", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    expect(accepts(JSON.parse(`{"version": 1, "${name}": {}}`))).toBe(false);
  }
});

const FULL = {
  version: 1,
  compat: "strict",
  fs_layer: [
    {
      handled_access_fs: ["read_file", "execute"],
      rule: [{ path: "/usr", allowed_access: ["read_file"], optional: true }],
    },
  ],
  net: { handled_access_net: ["bind_tcp"], rule: [{ port: 80, allowed_access: ["bind_tcp"] }] },
  broker: {
    allow_read: ["/a"],
    allow_write: ["${CWD}/b"],
    scratch: ["/s"],
    export: ["/e"],
    mount_tmpfs: ["/m"],
    mount_bind: [{ source: "/x", target: "/y", read_only: false }],
    mount_object: [{ name: "o", fs_type: "tmpfs", attach: ["/o"], attrs: ["nosuid"] }],
  },
  mount: { tmpfs: ["/t", { path: "/u", size: "64M", mode: "0755" }], proc: ["/proc"], bind: [] },
  runtime: { root: "/r", cwd: "/w" },
  seccomp: { deny: ["kexec_load"], errno: 38, allow: ["io_uring"] },
  scope: { allow: ["signal"] },
};

/** Values that some key takes and others don't. */
const STRANGERS = [0, 1, -1, 70000, "", "/x", "x", "64M", "0755", true, [], {}, ["/x"], ["read_file"], { path: "/x" }];

type Container = Record<string | number, unknown>;

/** The document with one value, anywhere, replaced, removed, or given a strange sibling. */
function mutate(random: Random, document: object): object {
  const copy = structuredClone(document) as Container;
  let at = copy;
  for (;;) {
    const keys = Object.keys(at);
    const key = keys[random.below(keys.length)];
    if (key === undefined) return copy;
    const value = at[key];
    if (typeof value === "object" && value !== null && random.below(4) !== 0) {
      at = value as Container;
      continue;
    }
    const change = random.below(3);
    if (change === 0 && !Array.isArray(at)) delete at[key];
    else if (change === 1 && !Array.isArray(at)) at["strange"] = STRANGERS[random.below(STRANGERS.length)];
    else at[key] = STRANGERS[random.below(STRANGERS.length)];
    return copy;
  }
}

test("a policy that is accepted is what the schema makes of it, however it was changed", () => {
  const random = new Random(1);
  let accepted = 0;
  for (let round = 0; round < 4000; round++) {
    let document: object = FULL;
    for (let changes = random.below(3); changes > 0; changes--) document = mutate(random, document);
    const bytes = bytesOf(stringify(document));
    try {
      loadBothWays({ file: "p.toml", bytes, policyDir: "/p" }, VARIABLES);
      accepted += 1;
    } catch (cause) {
      if ((cause as Error).name !== "PolicyError") throw cause;
      refusal(bytes);
    }
  }
  // Neither way may win by refusing, or by accepting, everything.
  expect(accepted).toBeGreaterThan(400);
  expect(accepted).toBeLessThan(3600);
});
