import type { Box } from "../harness/box.ts";
import { asRoot, asUnprivileged, asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { insideOnly, opening } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

/** Puts a secret outside, and the ways to it that can be prepared beforehand. */
function plant(box: Box): void {
  box.write("outside/secret", "secret");
  box.write("inside/own", "own");
  box.symlink(box.path("outside/secret"), "inside/symlink");
  box.symlink("../outside/secret", "inside/relative-symlink");
}

function rows(box: Box): Row[] {
  const secret = box.path("outside/secret");
  const denied = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "EACCES");
  return [
    row(["read_openat", box.path("inside/own")], "OK", "OK"),
    denied("read_openat", secret),
    denied("read_open", secret),
    denied("read_openat2", secret),
    denied("read_openat", box.path("inside/../outside/secret")),
    denied("read_openat", box.path("inside/symlink")),
    denied("read_openat", box.path("inside/relative-symlink")),
    denied("read_openat", `/proc/self/root${secret}`),
    denied("read_openat", `/proc/self/task/../root${secret}`),
    denied("read_openat", `/proc/thread-self/root${secret}`),
    denied("read_dirfd", box.path("inside"), "../outside/secret"),
    denied("read_dirfd_openat2", box.path("inside"), "../outside/secret"),
    denied("read_dirfd_openat2", box.path("outside"), "secret"),
    denied("read_o_path", "/proc/self/fd", secret),
    denied("read_o_path", "/dev/fd", secret),
    denied("read_o_path", "/proc/thread-self/fd", secret),
    denied("read_directory", box.path("outside")),
    // Last: these move the probe itself.
    denied("read_after_chdir", box.path("outside"), "secret"),
    denied("read_after_chdir", box.path("outside"), "/proc/self/cwd/secret"),
  ];
}

asUsers("a file outside the grants can't be read, however it is spelled", async (box) => {
  plant(box);
  const policy = insideOnly(box, [probePath("fs")]) + opening("openat2");
  await expectClaim(box, { probe: "fs", policy, rows: rows(box) });
});

asRoot("root can't open a file by its handle", async (box) => {
  plant(box);
  const handle: [string, ...string[]] = ["read_handle", box.path("inside"), box.path("outside/secret")];
  const policy = insideOnly(box, [probePath("fs")]);
  await expectClaim(box, { probe: "fs", policy, rows: [row(handle, "OK", "EPERM")] });
});

asUnprivileged("nobody else opens a file by its handle either", async (box) => {
  plant(box);
  const handle: [string, ...string[]] = ["read_handle", box.path("inside"), box.path("outside/secret")];
  const policy = insideOnly(box, [probePath("fs")]);
  await expectClaim(box, { probe: "fs", policy, rows: [row(handle, "EPERM", "EPERM")] });
});
