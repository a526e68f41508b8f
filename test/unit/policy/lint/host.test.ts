import { expect, test } from "bun:test";
import { lintHostRights } from "../../../../src/policy/lint/host.ts";
import { layer, lintWith } from "../../../harness/lint.ts";

test("unenforceable-right: newer than the host's Landlock", () => {
  const text = `${layer("execute truncate ioctl_dev")}[net]\nhandled_access_net = ["bind_tcp", "bind_udp"]`;
  expect(lintWith(lintHostRights, text, { landlockAbi: 4 })).toEqual([
    "unenforceable-right fs_layer.0.handled_access_fs.2",
    "unenforceable-right net.handled_access_net.1",
  ]);
  expect(lintWith(lintHostRights, text, { landlockAbi: 10 })).toEqual([]);
  expect(lintWith(lintHostRights, text, { landlockAbi: 0 }).length).toBe(5);
  expect(lintWith(lintHostRights, text)).toEqual([]);
});

test("what is granted nowhere and the filter closes isn't missing", () => {
  const udp = `${layer("execute")}[net]\nhandled_access_net = ["bind_udp", "connect_send_udp"]\n`;
  expect(lintWith(lintHostRights, udp, { landlockAbi: 4 })).toEqual([]);
  expect(lintWith(lintHostRights, `${udp}[seccomp]\nallow = ["io_uring"]`, { landlockAbi: 4 })).toHaveLength(2);
  expect(lintWith(lintHostRights, udp, { landlockAbi: 0 }).length).toBeGreaterThan(2);
});
