import { expect, test } from "bun:test";
import { lintBrokerTargets } from "../../../../src/policy/lint/broker.ts";
import { layer, lintWith } from "../../../harness/lint.ts";

const BROKER = `[broker]
mount_tmpfs = ["/t"]
mount_bind = [{ source = "/s", target = "/b" }]
mount_object = [{ name = "o", fs_type = "tmpfs", attach = ["/o", "/p"] }]
`;

test("mount-without-rule: nobody can use what is mounted there", () => {
  expect(lintWith(lintBrokerTargets, BROKER + layer("read_file", ["/t", "read_file"], ["/p/x", "read_file"]))).toEqual([
    "mount-without-rule broker.mount_bind.0.target",
    "mount-without-rule broker.mount_object.0.attach.0",
  ]);
  expect(lintWith(lintBrokerTargets, BROKER + layer("read_file", ["/", "read_file"]))).toEqual([]);
  expect(lintWith(lintBrokerTargets, BROKER)).toEqual([]);
});
