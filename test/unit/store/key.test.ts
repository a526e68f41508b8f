import { expect, test } from "bun:test";
import type { Host } from "../../../src/kernel/host.ts";
import { type Origin, planKey } from "../../../src/store/key.ts";
import { HOST } from "../../harness/host.ts";

const USER: Host = { ...HOST, uid: 1000, landlock: { abi: 7, errata: 3, errno: 0 } };
const BUILD = new Uint8Array(32).fill(1);

function origin(text: string, more: Partial<Origin["variables"]> = {}, settings: readonly string[] = []): Origin {
  return {
    source: { file: "p.toml", bytes: Buffer.from(text), policyDir: "/etc/policies" },
    variables: { cwd: "/work", env: { HOME: "/home/u", TMPDIR: undefined }, uid: 1000, set: new Map(), ...more },
    settings,
  };
}

const name = (text: Origin | string, host: Host = USER, build: Uint8Array = BUILD): string =>
  Buffer.from(planKey(build, host, typeof text === "string" ? origin(text) : text)).toString("hex");

test("another build, kernel, Landlock, user or privilege is another plan", () => {
  const hosts: readonly Partial<Host>[] = [
    { release: "6.18.1" },
    { arch: "aarch64" },
    { uid: 0 },
    { capabilities: 1n << 21n },
    { landlock: { abi: 6, errata: 3, errno: 0 } },
    { landlock: { abi: 7, errata: 7, errno: 0 } },
    { seccomp: { filter: true, notify: false } },
  ];
  const names = [
    name("x"),
    name("x", USER, new Uint8Array(32)),
    ...hosts.map((each) => name("x", { ...USER, ...each })),
  ];
  expect(new Set(names).size).toBe(names.length);
  expect(name("x")).toBe(name("x"));
});

test("a variable counts only where the text may name it", () => {
  const elsewhere = { cwd: "/elsewhere", env: { HOME: "/root", TMPDIR: "/t" }, uid: 5 };
  expect(name(origin("plain", elsewhere))).toBe(name("plain"));
  for (const text of ["${CWD}", "${HOME}", "${TMPDIR}", "${UID}", "an escape: \\u0043"]) {
    expect(name(origin(text, elsewhere))).not.toBe(name(text));
  }
});

test("a value that isn't set is not an empty one", () => {
  const unset = origin("${TMPDIR}");
  const empty = origin("${TMPDIR}", { env: { HOME: "/home/u", TMPDIR: "" } });
  expect(name(unset)).not.toBe(name(empty));
});

test("settings are told apart by more than their letters", () => {
  const names = [["A=1", "B=2"], ["A=1B=2"], ["B=2", "A=1"], ["A=1"], []].map((settings) =>
    name(origin("x", {}, settings)),
  );
  expect(new Set(names).size).toBe(names.length);
});

test("a built-in policy isn't a file that holds its name, and counts every variable", () => {
  const builtIn: Origin = {
    ...origin(""),
    source: { file: "built-in:x", bytes: Buffer.from("text"), policyDir: undefined },
  };
  expect(name(builtIn)).not.toBe(name("x"));
  expect(name({ ...builtIn, variables: { ...builtIn.variables, cwd: "/elsewhere" } })).not.toBe(name(builtIn));
});
