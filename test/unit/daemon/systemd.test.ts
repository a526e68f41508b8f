import { expect, test } from "bun:test";
import { activationFd } from "../../../src/daemon/systemd.ts";

const env = { LISTEN_PID: "42", LISTEN_FDS: "1", LISTEN_FDNAMES: "landlockd" };

test("one socket for this process is fd 3", () => {
  expect(activationFd(env, 42)).toBe(3);
  expect(activationFd({ LISTEN_PID: "42", LISTEN_FDS: "1" }, 42)).toBe(3);
});

test.each([
  ["nothing", {}],
  ["no count", { LISTEN_PID: "42" }],
  ["another process's", { ...env, LISTEN_PID: "41" }],
  ["no pid", { ...env, LISTEN_PID: "42x" }],
  ["none", { ...env, LISTEN_FDS: "0" }],
  ["two", { ...env, LISTEN_FDS: "2" }],
  ["no number", { ...env, LISTEN_FDS: "one" }],
  ["somebody else's name", { ...env, LISTEN_FDNAMES: "web" }],
])("%s is refused", (_name, wrong) => {
  expect(() => activationFd(wrong, 42)).toThrow();
});
