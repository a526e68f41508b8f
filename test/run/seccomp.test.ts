import { expect } from "bun:test";
import { asRoot, asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

const seccomp = (table: string): string => `${VERSION_ONLY}[seccomp]\n${table}\n`;

asUsers("denied calls fail with EPERM, or with the errno that the policy names", async (box) => {
  const prepare = (): void => {
    box.remove("made");
    box.remove("made-at");
  };
  const rows = (errno: string): ReturnType<typeof row>[] => [
    row(["mkdir", box.path("made")], "OK", errno),
    // Another spelling is another call.
    row(["mkdirat", box.path("made-at")], "OK", "OK"),
  ];
  await expectClaim(box, { probe: "tree", policy: seccomp('deny = ["mkdir"]'), rows: rows("EPERM"), prepare });
  for (const [errno, name] of [
    [38, "ENOSYS"],
    [13, "EACCES"],
    [1, "EPERM"],
  ] as const) {
    const policy = seccomp(`deny = ["mkdir", "mknod"]\nerrno = ${errno}`);
    await expectClaim(box, { probe: "tree", policy, rows: rows(name), prepare });
  }
});

asUsers("a policy gives back what it names, and nothing more", async (box) => {
  await expectClaim(box, {
    probe: "sys",
    policy: seccomp('allow = ["io_uring_setup", "add_key", "perf_event_open"]'),
    rows: [
      row(["io_uring_setup"], "OK", "OK"),
      row(["io_uring_enter"], "EBADF", "ENOSYS"),
      row(["add_key"], "OK", "OK"),
      row(["request_key"], "ENOKEY", "EPERM"),
      row(["perf_event_open"], "OK", "OK"),
      row(["userfaultfd"], "OK", "EPERM"),
    ],
  });
});

asUsers("namespaces can be given back; capabilities in them are Landlock's to bound", async (box) => {
  await expectClaim(box, {
    probe: "sys",
    policy: seccomp('allow = ["namespaces"]'),
    rows: [row(["clone", "10000000"], "OK", "OK"), row(["unshare", "10020000"], "OK", "OK")],
  });
});

asUsers("what a policy both gives back and denies is denied", async (box) => {
  const policy = seccomp('allow = ["io_uring_setup"]\ndeny = ["io_uring_setup"]\nerrno = 13');
  const result = await run(box, { policy, argv: ["/bin/true"] });
  if (result.status === 0) {
    await expectClaim(box, { probe: "sys", policy, rows: [row(["io_uring_setup"], "OK", "EACCES")] });
  } else {
    expect(result.status).toBe(125);
  }
});

asUsers("a denied call of the C library's start leaves a workload that fails, not landlockd", async (box) => {
  const result = await run(box, { policy: seccomp('deny = ["openat"]'), argv: ["/bin/cat", "/etc/passwd"] });
  expect([result.status, result.signal]).toEqual([127, null]);
  expect(result.stderr).not.toContain("landlockd");
});

asUsers("even execve can be denied: the command then can't be executed", async (box) => {
  for (const audit of [false, true]) {
    const result = await run(box, { policy: seccomp('deny = ["execve"]'), argv: ["/bin/true"], audit });
    expect([audit, result.status, result.stdout]).toEqual([audit, 126, ""]);
  }
});

asRoot("giving back mounts gives no capability to use them", async (box) => {
  const target = box.mkdir("target");
  const policy = seccomp('allow = ["mounts"]');
  const rows = [row(["mount_tmpfs", target], "OK", "EPERM")];
  await expectClaim(box, { probe: "mount", policy, prefix: ["unshare", "-m"], rows });
});
