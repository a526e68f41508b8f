import { expect, test } from "bun:test";
import type { PolicyError } from "../../../src/base/errors.ts";
import { loadBothWays } from "../../harness/policy-text.ts";

function codes(policy: string): string[] {
  try {
    const source = { file: "p", bytes: Buffer.from(policy), policyDir: undefined };
    loadBothWays(source, { cwd: "/", env: {}, uid: 0, set: new Map() });
    return [];
  } catch (error) {
    return (error as PolicyError).findings.map(({ code }) => code);
  }
}

/** Every key of the language that holds a path, with PATH in its place. */
const PATHS: readonly string[] = [
  '[[fs_layer]]\nhandled_access_fs = ["read_file"]\nrule = [{ path = PATH, allowed_access = ["read_file"] }]',
  "[broker]\nallow_read = [PATH]",
  "[broker]\nallow_write = [PATH]",
  "[broker]\nscratch = [PATH]",
  '[broker]\nscratch = ["/s"]\nexport = [PATH]',
  "[broker]\nmount_tmpfs = [PATH]",
  '[[broker.mount_bind]]\nsource = PATH\ntarget = "/t"',
  '[[broker.mount_bind]]\nsource = "/s"\ntarget = PATH',
  '[[broker.mount_object]]\nname = "o"\nfs_type = "tmpfs"\nattach = [PATH]',
  "[mount]\ntmpfs = [PATH]",
  "[mount]\ntmpfs = [{ path = PATH }]",
  "[mount]\nproc = [PATH]",
  '[[mount.bind]]\nsource = PATH\ntarget = "/t"',
  '[[mount.bind]]\nsource = "/s"\ntarget = PATH',
  "[runtime]\nroot = PATH",
  "[runtime]\ncwd = PATH",
];

for (const text of PATHS) {
  const withPath = (path: string): string[] => codes(`version = 1\n${text.replace("PATH", JSON.stringify(path))}\n`);
  const [name] = text.split(" = PATH");

  test(`${JSON.stringify(name)} is a path: expanded, absolute, without "..", and told once where it isn't`, () => {
    expect(withPath("/a/b")).toEqual([]);
    expect(withPath("${CWD}/a")).toEqual([]);
    expect(withPath("${A}/a")).toEqual(["undefined-variable"]);
    expect(withPath("${A")).toEqual(["bad-variable-syntax"]);
    for (const path of ["a", "", "./a", "~/a", "/a/../b", "/a\0b"]) expect(withPath(path)).toHaveLength(1);
  });
}

const tmpfs = (paths: string): string => `version = 1\n[mount]\ntmpfs = [${paths}]\n`;

test("a variable without a value is told once, and its paths not as the same mount target", () => {
  expect(codes(tmpfs('"${A}/x", "${A}/y"'))).toEqual(["undefined-variable"]);
});

test("control: the same target twice is told", () => {
  expect(codes(tmpfs('"/x", "/x"'))).toEqual(["mount-shadowed"]);
});
