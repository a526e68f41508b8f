import { expect, test } from "bun:test";
import { UsageError } from "../../../src/base/errors.ts";
import { parseSettings, type VariableContext } from "../../../src/policy/variables.ts";
import { load, refusal } from "../../harness/policy-text.ts";

function policyWith(path: string): string {
  return `version = 1\n[broker]\nallow_read = [${JSON.stringify(path)}]`;
}

function expanded(path: string, variables: Partial<VariableContext> = {}): string | undefined {
  return load(policyWith(path), variables).policy.broker?.allow_read[0];
}

function refused(path: string, variables: Partial<VariableContext> = {}): string {
  const { findings } = refusal(policyWith(path), variables);
  expect(findings.length).toBe(1);
  expect(findings[0]?.key).toEqual(["broker", "allow_read", 0]);
  return findings[0]?.code ?? "";
}

const set = (name: string, value: string): Partial<VariableContext> => ({ set: new Map([[name, value]]) });

test("the built-in variables", () => {
  expect(expanded("${CWD}/a")).toBe("/work-folder/a");
  expect(expanded("${HOME}")).toBe("/home/user");
  expect(expanded("/run/user/${UID}/x")).toBe("/run/user/1000/x");
  expect(expanded("${POLICY_DIR}/data")).toBe("/policies/data");
  expect(expanded("${TMPDIR}")).toBe("/tmp");
  expect(expanded("${TMPDIR}", { env: { TMPDIR: "/var/tmp" } })).toBe("/var/tmp");
});

test("--set gives new variables and goes before the built-in ones", () => {
  expect(expanded("${ROOT}/usr", set("ROOT", "/srv/root"))).toBe("/srv/root/usr");
  expect(expanded("${HOME}", set("HOME", "/elsewhere"))).toBe("/elsewhere");
  expect(expanded("/srv/${JOB}/x", set("JOB", "a/b"))).toBe("/srv/a/b/x");
  expect(expanded("/srv/root${DIR}", set("DIR", "/opt/x"))).toBe("/srv/root/opt/x");
});

test("a value is data: nothing in it is expanded again", () => {
  expect(expanded("/srv/${A}", set("A", "${HOME}"))).toBe("/srv/${HOME}");
  expect(expanded("/srv/${A}}", set("A", "$"))).toBe("/srv/$}");
});

test("$${ stands for a literal ${, and every other $ for itself", () => {
  expect(expanded("/srv/$${HOME}")).toBe("/srv/${HOME}");
  expect(expanded("/srv/$$${HOME}")).toBe("/srv/$${HOME}");
  expect(expanded("/srv/$5/$$")).toBe("/srv/$5/$$");
  expect(expanded("/srv/$HOME")).toBe("/srv/$HOME");
});

test("a variable without a value is an error", () => {
  expect(refused("${NOPE}/a")).toBe("undefined-variable");
  expect(refused("${constructor}")).toBe("undefined-variable");
  expect(refused("${CWD}", { cwd: undefined })).toBe("undefined-variable");
  expect(refused("${HOME}", { env: {} })).toBe("undefined-variable");
});

const BAD_VALUES = ["", "relative", "/a/../b", "/a/.", "/a//b", "/a/", "/a\0b", `/${"x".repeat(4096)}`];
for (const value of BAD_VALUES) {
  test(`a value that no clean absolute path is can't start one: ${JSON.stringify(value.slice(0, 20))}`, () => {
    expect(refused("${A}/x", set("A", value))).toBe("bad-variable");
  });
}

for (const value of ["", "..", "../../etc", "a/..", ".", "a//b", "a/"]) {
  test(`a value never climbs or vanishes in the middle of a path: ${JSON.stringify(value)}`, () => {
    expect(refused("/srv/${A}/x", set("A", value))).toBe("bad-variable");
  });
}

test("pieces that make a climbing part only together are refused too", () => {
  expect(refused("/srv/.${A}", set("A", "/etc"))).toBe("bad-path");
  expect(refused("/srv/..${A}", set("A", "/etc"))).toBe("bad-path");
  expect(expanded("/srv/..${A}", set("A", "x"))).toBe("/srv/..x");
});

test("what follows ${ must be a name and a }", () => {
  for (const path of ["/a/${", "/a/${HOME", "/a/${}", "/a/${A B}", "/a/${1}", "/a/${A-B}"]) {
    expect(refused(path)).toBe("bad-variable-syntax");
  }
});

test("the root as a value", () => {
  expect(expanded("${CWD}", { cwd: "/" })).toBe("/");
  expect(expanded("${CWD}/a", { cwd: "/" })).toBe("/a");
});

test("variables are expanded in paths and nowhere else", () => {
  const { findings } = refusal("version = 1\n[seccomp]\ndeny = ['${UID}']");
  expect(findings.map((finding) => finding.code)).toEqual(["unknown-syscall"]);
  const object = "mount_object = [{ name = '${UID}', fs_type = 'proc', attach = ['/x'] }]";
  expect(load(`version = 1\n[broker]\n${object}`).policy.broker?.mount_object[0]?.name).toBe("${UID}");
});

test("what was used is told by name, and only that", () => {
  const text = "version = 1\n[broker]\nallow_read = ['${HOME}/a', '${CWD}/b', '${HOME}/c', '/$${UID}']";
  expect(load(text).uses).toEqual([
    { name: "CWD", value: "/work-folder" },
    { name: "HOME", value: "/home/user" },
  ]);
});

test("paths must be absolute, without . and .., and short enough", () => {
  const code = (path: string): string => refused(path);
  expect(code("relative/path")).toBe("relative-path");
  expect(code("")).toBe("relative-path");
  expect(code("~/x")).toBe("tilde-path");
  expect(code("~root/x")).toBe("tilde-path");
  expect(code("/a/../b")).toBe("bad-path");
  expect(code("/a/.")).toBe("bad-path");
  expect(code("/..")).toBe("bad-path");
  expect(code("/a\u0000b")).toBe("bad-path");
  expect(code(`/${"é".repeat(2048)}`)).toBe("path-too-long");
  expect(expanded(`/${"é".repeat(2047)}`)?.length).toBe(2048);
  expect(expanded("/a/.hidden/..x/...")).toBe("/a/.hidden/..x/...");
  expect(expanded("//a///b//")).toBe("/a/b");
});

test("the hint says what to write for ~ and for a relative path", () => {
  expect(refusal(policyWith("~/x")).findings[0]?.hint).toBe('write "${HOME}/x"');
  expect(refusal(policyWith("$HOME/x")).findings[0]?.hint).toBe('write "${HOME}/x"');
  expect(refusal(policyWith("$PWD")).findings[0]?.hint).toBe('write "${CWD}"');
  expect(refusal(policyWith("$1/x")).findings[0]?.hint).toContain("${CWD}/$1/x");
  expect(refusal(policyWith("x")).findings[0]?.hint).toBe('write "${CWD}/x" or "${POLICY_DIR}/x"');
});

test("--set takes NAME=VALUE", () => {
  expect([...parseSettings(["A=1", "b_2=x=y", "C="])]).toEqual([
    ["A", "1"],
    ["b_2", "x=y"],
    ["C", ""],
  ]);
  for (const bad of [["A"], ["=1"], ["1A=x"], ["A B=x"], ["A=1", "A=2"]]) {
    expect(() => parseSettings(bad)).toThrow(UsageError);
  }
});

test("a variable without a value is told once, where it is first used, and each such variable", () => {
  const rules = ["${NO}/a", "${NO}/b", "/x/${NO}", "${NEITHER}"].map((path) => `'${path}'`);
  const { findings } = refusal(`version = 1\n[broker]\nallow_read = [${rules.join(", ")}]`);
  expect(findings.map(({ key, code }) => [code, key.at(-1)])).toEqual([
    ["undefined-variable", 0],
    ["undefined-variable", 3],
  ]);
});

test("a value that can't stand in a path is told once", () => {
  const list = "version = 1\n[broker]\nallow_read = ['${HOME}/a', '${HOME}/b', '${CWD}/c']";
  const { findings } = refusal(list, { env: { HOME: "relative" } });
  expect(findings.map(({ key, code }) => [code, key.at(-1)])).toEqual([["bad-variable", 0]]);
});

test("a path that can't be read is told once, and covers no other mount", () => {
  const mount = (tmpfs: string): string => `version = 1\n[mount]\ntmpfs = [${tmpfs}]\nproc = ["/y/z"]`;
  expect(refusal(mount('"${NOPE}"')).findings.map(({ code }) => code)).toEqual(["undefined-variable"]);
  expect(refusal(mount('"${NOPE}", "relative"')).findings.map(({ code }) => code)).toEqual([
    "undefined-variable",
    "relative-path",
  ]);
});
