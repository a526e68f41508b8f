import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../../src/base/errors.ts";

import { findNamedPolicy, installedFolders, listNamedPolicies, policyFolders } from "../../../src/policy/named.ts";
import { loadBothWays, VARIABLES } from "../../harness/policy-text.ts";

const base = mkdtempSync(join(tmpdir(), "policy-named-"));
const first = join(base, "first");
const second = join(base, "second");
const config = join(base, "config/landlockd/policies");
const env = {
  LANDLOCKD_POLICY_PATH: `${first}:relative::${second}`,
  XDG_CONFIG_HOME: join(base, "config"),
  HOME: base,
};

beforeAll(() => {
  for (const folder of [first, second, config]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(first, "a.toml"), "first");
  writeFileSync(join(second, "a.toml"), "second");
  writeFileSync(join(second, "b.toml"), "second");
  writeFileSync(join(config, "b.toml"), "config");
  writeFileSync(join(config, "ci-default.toml"), "mine");
  writeFileSync(join(config, "no-policy.txt"), "");
});
afterAll(() => rmSync(base, { recursive: true }));

const textOf = (name: string): string => Buffer.from(findNamedPolicy(name, env).bytes).toString();

test("folders are searched in the documented order, relative ones never", () => {
  expect(policyFolders(env)).toEqual([
    first,
    second,
    config,
    "/usr/local/share/landlockd/policies",
    "/etc/landlockd/policies",
  ]);
  expect(policyFolders({ HOME: "/h" })[0]).toBe("/h/.config/landlockd/policies");
  expect(policyFolders({})).toEqual(["/usr/local/share/landlockd/policies", "/etc/landlockd/policies"]);
  expect(policyFolders({ XDG_CONFIG_HOME: "relative", HOME: "/h" })[0]).toBe("/h/.config/landlockd/policies");
});

test("what is installed is searched last, and never for a name that is built in", () => {
  expect(installedFolders({ HOME: "/h" })).toEqual([
    "/h/.local/share/landlockd/policies",
    "/usr/share/landlockd/policies",
  ]);
  expect(installedFolders({ HOME: "/h", XDG_DATA_HOME: "/d" })[0]).toBe("/d/landlockd/policies");
  expect(installedFolders({ HOME: "/h", XDG_DATA_HOME: "d" })[0]).toBe("/h/.local/share/landlockd/policies");
  expect(installedFolders({})).toEqual(["/usr/share/landlockd/policies"]);
  const data = join(base, "data/landlockd/policies");
  mkdirSync(data, { recursive: true });
  for (const name of ["net-fetch", "late"]) writeFileSync(join(data, `${name}.toml`), "installed");
  const installed = { XDG_DATA_HOME: join(base, "data") };
  expect(Buffer.from(findNamedPolicy("late", installed).bytes).toString()).toBe("installed");
  expect(findNamedPolicy("net-fetch", installed).file).toBe("built-in:net-fetch");
  const files = new Map(listNamedPolicies(installed).map(({ name, file }) => [name, file]));
  expect([files.get("late"), files.get("net-fetch")]).toEqual([join(data, "late.toml"), "built-in:net-fetch"]);
});

test("the first folder that has the name gives the policy, before those built in", () => {
  expect(textOf("a")).toBe("first");
  expect(textOf("b")).toBe("second");
  expect(textOf("ci-default")).toBe("mine");
  expect(findNamedPolicy("hermetic-build", env)).toMatchObject({
    file: "built-in:hermetic-build",
    policyDir: undefined,
  });
});

test("a broken first one never makes a later one take its place", () => {
  symlinkSync("nowhere", join(first, "b.toml"));
  expect(() => textOf("b")).toThrow(UsageError);
  rmSync(join(first, "b.toml"));
  mkdirSync(join(first, "b.toml"));
  expect(() => textOf("b")).toThrow("this is a directory");
  rmSync(join(first, "b.toml"), { recursive: true });
});

test("what is no name, and what is the name of nothing", () => {
  for (const name of ["", ".", "..", "a/b", "/etc/passwd", "../first/a", "a\0"]) {
    expect(() => findNamedPolicy(name, env)).toThrow("is not a policy's name");
  }
  expect(() => findNamedPolicy("constructor", env)).toThrow("there is no policy named");
  expect(() => findNamedPolicy("a.toml", env)).toThrow("there is no policy named");
});

test("every name is listed once, with where it is taken from", () => {
  expect(listNamedPolicies(env)).toEqual([
    { name: "a", file: join(first, "a.toml") },
    { name: "b", file: join(second, "b.toml") },
    { name: "ci-default", file: join(config, "ci-default.toml") },
    { name: "hermetic-build", file: "built-in:hermetic-build" },
    { name: "net-fetch", file: "built-in:net-fetch" },
    { name: "prepared-root", file: "built-in:prepared-root" },
    { name: "prepared-root-net", file: "built-in:prepared-root-net" },
  ]);
});

test("each starter policy is built in, and loads", () => {
  const files = readdirSync(join(import.meta.dir, "../../../policies"));
  expect(files.sort()).toEqual(
    listNamedPolicies({})
      .map(({ name }) => `${name}.toml`)
      .sort(),
  );
  for (const { name } of listNamedPolicies({})) {
    const loaded = loadBothWays(findNamedPolicy(name, {}), { ...VARIABLES, set: new Map([["ROOT", "/srv/root"]]) });
    expect(loaded.policy.fs_layer.length).toBe(1);
  }
});
