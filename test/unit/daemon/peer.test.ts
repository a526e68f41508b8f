import { expect, test } from "bun:test";
import { refusalOf, type Standing } from "../../../src/daemon/peer.ts";

const free: Standing = { noNewPrivs: 0, seccompFilters: 0, capabilities: 0n, ids: "1000" };
const sender = { pid: 10, uid: 1000, gid: 1000, pidFd: -1 };
const host = { uid: 1000, allowRoot: false, ambient: free };

test("its own user, in no sandbox, is served", () => {
  expect(refusalOf(sender, free, host)).toBeUndefined();
});

test("a sandbox is refused: more than what is ambient", () => {
  for (const standing of [
    { ...free, noNewPrivs: 1 },
    { ...free, seccompFilters: 1 },
  ]) {
    expect(refusalOf(sender, standing, host)).toContain("sandbox");
  }
  const container = { ...host, ambient: { ...free, noNewPrivs: 1, seccompFilters: 2 } };
  expect(refusalOf(sender, { ...free, noNewPrivs: 1, seccompFilters: 2 }, container)).toBeUndefined();
  expect(refusalOf(sender, { ...free, noNewPrivs: 1, seccompFilters: 3 }, container)).toContain("sandbox");
});

test("other users are refused; root only where it is configured", () => {
  expect(refusalOf({ ...sender, uid: 1001 }, free, host)).toContain("uid 1001");
  expect(refusalOf({ ...sender, uid: 0 }, free, host)).toContain("uid 0");
  expect(refusalOf({ ...sender, uid: 0 }, free, { ...host, allowRoot: true })).toBeUndefined();
  expect(refusalOf({ ...sender, uid: 0 }, { ...free, noNewPrivs: 1 }, { ...host, allowRoot: true })).toContain(
    "sandbox",
  );
});

test("who can't be told is refused", () => {
  expect(refusalOf(undefined, free, host)).toBeString();
  expect(refusalOf({ ...sender, pid: 0 }, free, host)).toBeString();
  expect(refusalOf(sender, undefined, host)).toBeString();
});
