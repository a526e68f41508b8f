import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { run } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { brokered, prepare } from "./policies.ts";

const ok = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "OK");
const denied = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "EACCES");

asUsers("a file of allow_read is read by every spelling, and nothing beside it", async (box) => {
  const { listed, secret } = prepare(box);
  box.symlink(listed, "alias");
  box.symlink("outside", "folder");
  box.symlink(secret, "wrong");
  await expectClaim(box, {
    probe: "fs",
    policy: brokered({ allow_read: [listed] }),
    rows: [
      ok("read_open", listed),
      ok("read_openat", listed),
      ok("read_openat2", listed),
      ok("read_openat", box.path("outside/../outside//./listed")),
      ok("read_openat", box.path("alias")),
      ok("read_openat", box.path("folder/listed")),
      denied("read_openat", secret),
      denied("read_openat", box.path("wrong")),
      denied("write_openat", listed),
      denied("write_rdwr", listed),
      denied("truncate_rdonly", listed),
      denied("read_openat", `/proc/self/root${secret}`),
      ok("read_after_chdir", box.path("outside"), "listed"),
      denied("read_after_chdir", box.path("outside"), "secret"),
    ],
  });
});

asUsers("a file of allow_write is written and made, and not read", async (box) => {
  prepare(box);
  const log = box.path("outside/log");
  const prepareFiles = (): void => {
    box.write("outside/there", "there");
    box.remove("outside/log");
  };
  await expectClaim(box, {
    probe: "fs",
    prepare: prepareFiles,
    policy: brokered({ allow_write: [log, box.write("outside/there", "there")] }),
    rows: [
      row(["write_creat", log], "OK", "OK"),
      ok("write_openat", box.path("outside/there")),
      ok("write_rdwr", box.path("outside/there")),
      ok("write_append", box.path("outside/there")),
      ok("truncate_rdonly", box.path("outside/there")),
      denied("read_openat", box.path("outside/there")),
      denied("write_creat", box.path("outside/secret")),
    ],
  });
});

asUsers("every decision is on record, and passing on isn't one", async (box) => {
  const { listed, secret } = prepare(box);
  const argv = [probePath("fs"), "read_openat", listed, "+", "read_openat", secret];
  const { events } = await run(box, { policy: brokered({ allow_read: [listed] }), argv, audit: true });
  const opens = events.filter(({ event }) => event.startsWith("broker."));
  expect(opens).toHaveLength(1);
  expect(opens[0]).toMatchObject({
    event: "broker.open",
    syscall: "openat",
    scope: "exception",
    operation: "read",
    path: listed,
    decision: "allow",
  });
});

asUsers("a list that names nothing, a folder, or landlockd's own process starts no run", async (box) => {
  prepare(box);
  for (const [lists, reason] of [
    [{ allow_read: [box.path("none")] }, "ENOENT"],
    [{ allow_read: [box.path("outside")] }, "EISDIR"],
    [{ allow_read: ["/proc/self/environ"] }, "EINVAL"],
    [{ scratch: [box.path("outside/listed")] }, "ENOTDIR"],
    [{ scratch: [box.path("scratch")], export: [box.mkdir("scratch/out")] }, "EINVAL"],
  ] as const) {
    const result = await run(box, { policy: brokered(lists), argv: [probePath("fs")] });
    expect(result.status).toBe(125);
    expect(result.stderr).toContain(reason);
  }
});
