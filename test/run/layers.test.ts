import { expect } from "bun:test";
import { chmodSync } from "node:fs";
import { asUnprivileged, asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { landlockdPath, run } from "../harness/landlockd.ts";
import {
  brokeredPolicy,
  FS_RIGHTS,
  insideOnly,
  layer,
  RUNNABLE,
  systemAndInside,
  VERSION_ONLY,
} from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

asUsers("a policy with only a version confines all the same: scopes, protections, no_new_privs", async (box) => {
  const file = box.write("outside/file", "content");
  await expectClaim(box, {
    probe: "fs",
    // Not as VERSION_ONLY itself, in whose place a warm run takes another.
    policy: `${VERSION_ONLY}# no more\n`,
    rows: [row(["read_openat", file], "OK", "OK"), row(["write_openat", file], "OK", "OK")],
  });
  await expectClaim(box, {
    probe: "sys",
    policy: VERSION_ONLY,
    rows: [row(["io_uring_setup"], "OK", "ENOSYS")],
  });
});

asUsers("layers intersect: what one layer handles and doesn't grant, no other gives back", async (box) => {
  const [both, first, second] = ["both", "first", "second"].map((name) => box.write(`data/${name}`, name));
  const grants = (...paths: (string | undefined)[]): { path: string; rights: string[] }[] =>
    paths.map((path) => ({ path: path ?? "", rights: ["read_file"] }));
  const probe = { path: probePath("fs"), rights: ["read_file"] };
  const policy =
    VERSION_ONLY +
    layer(["read_file"], [...grants(both, first), probe]) +
    layer(["read_file"], [...grants(both, second), probe]);
  await expectClaim(box, {
    probe: "fs",
    policy,
    rows: [
      row(["read_openat", both ?? ""], "OK", "OK"),
      row(["read_openat", first ?? ""], "OK", "EACCES"),
      row(["read_openat", second ?? ""], "OK", "EACCES"),
      // No layer handles writing.
      row(["write_openat", first ?? ""], "OK", "OK"),
    ],
  });
});

asUsers("sixteen layers are enforced", async (box) => {
  const file = box.write("data/file", "content");
  const open = layer(["read_file"], [{ path: "/", rights: ["read_file"] }]);
  const closing = layer(["write_file"], []);
  const policy = VERSION_ONLY + open.repeat(15) + closing;
  const rows = [row(["read_openat", file], "OK", "OK"), row(["write_openat", file], "OK", "EACCES")];
  await expectClaim(box, { probe: "fs", policy, rows });
});

asUsers(
  "a rule on a file grants that file, a rule on a folder all beneath it, a symlink where it leads",
  async (box) => {
    const [file, sibling] = [box.write("data/file", "x"), box.write("data/sibling", "x")];
    const deep = box.write("tree/a/b/c/deep", "x");
    const target = box.write("real/target", "x");
    const link = box.symlink(target, "link");
    const policy =
      VERSION_ONLY +
      layer(FS_RIGHTS, [
        { path: probePath("fs"), rights: RUNNABLE },
        { path: file, rights: ["read_file"] },
        { path: box.path("tree"), rights: ["read_file"] },
        { path: link, rights: ["read_file"] },
      ]);
    await expectClaim(box, {
      probe: "fs",
      policy,
      rows: [
        row(["read_openat", file], "OK", "OK"),
        row(["read_openat", sibling], "OK", "EACCES"),
        row(["read_openat", deep], "OK", "OK"),
        row(["read_openat", link], "OK", "OK"),
        row(["read_openat", target], "OK", "OK"),
      ],
    });
  },
);

asUsers("rights are told apart: to list is not to read, to make is not to remove", async (box) => {
  const file = box.write("data/file", "x");
  const folder = box.path("data");
  const policy =
    VERSION_ONLY +
    layer(FS_RIGHTS, [
      { path: probePath("fs"), rights: RUNNABLE },
      { path: probePath("tree"), rights: RUNNABLE },
      { path: folder, rights: ["read_dir", "make_reg", "make_dir", "write_file"] },
    ]);
  const prepare = (): void => {
    for (const name of ["made", "made-dir", "made-fifo", "made-link"]) box.remove(`data/${name}`);
    box.write("data/file", "x");
  };
  const files = [
    row(["read_directory", folder], "OK", "OK"),
    row(["read_openat", file], "OK", "EACCES"),
    row(["write_openat", file], "OK", "OK"),
    row(["truncate", file], "OK", "EACCES"),
  ];
  await expectClaim(box, { probe: "fs", policy, prepare, rows: files });
  const names = [
    row(["create_openat", `${folder}/made`], "OK", "OK"),
    row(["mkdirat", `${folder}/made-dir`], "OK", "OK"),
    row(["mknod_fifo", `${folder}/made-fifo`], "OK", "EACCES"),
    row(["symlinkat", "/", `${folder}/made-link`], "OK", "EACCES"),
    row(["unlinkat", file], "OK", "EACCES"),
    row(["unlinkat_dir", `${folder}/made-dir`], "OK", "EACCES"),
  ];
  await expectClaim(box, { probe: "tree", policy, prepare, rows: names });
});

asUsers("inside its grants a workload moves and links files between folders where refer is granted", async (box) => {
  const prepare = (): void => {
    for (const name of ["from/file", "to/file", "to/link"]) box.remove(`inside/${name}`);
    box.mkdir("inside/to");
    box.write("inside/from/file", "x");
  };
  await expectClaim(box, {
    probe: "tree",
    policy: insideOnly(box, [probePath("tree")]),
    prepare,
    rows: [
      row(["linkat", box.path("inside/from/file"), box.path("inside/to/link")], "OK", "OK"),
      row(["renameat2", box.path("inside/from/file"), box.path("inside/to/file")], "OK", "OK"),
    ],
  });
});

asUsers("a missing path of a rule fails the run, with its place; optional skips it", async (box) => {
  const missing = box.path("missing");
  const policy = (optional: boolean): string =>
    systemAndInside(box, [{ path: missing, rights: ["read_file"], ...(optional ? { optional } : {}) }]);
  const strict = await run(box, { policy: policy(false), argv: ["/bin/true"] });
  expect(strict.status).toBe(125);
  // The rule begins a line above its path.
  const line = policy(false).slice(0, policy(false).indexOf(missing)).split("\n").length;
  expect(strict.stderr).toMatch(new RegExp(`policy\\.toml:(${line - 1}|${line}):\\d+: `));
  expect(strict.stderr).toContain(missing);
  const lax = await run(box, { policy: policy(true), argv: ["/bin/true"] });
  expect(lax).toMatchObject({ status: 0 });
  const dry = await run(box, { policy: policy(true), argv: ["/bin/true"], flags: ["--dry-run"] });
  expect(dry.stdout).toContain(`${JSON.stringify(missing)} isn't there: the rule is skipped`);
});

asUnprivileged("an optional rule beneath a folder that this user can't search is skipped too", async (box) => {
  const closed = box.mkdir("closed");
  box.write("closed/file", "x");
  chmodSync(closed, 0);
  box.defer(() => chmodSync(closed, 0o700));
  const rule = { path: `${closed}/file`, rights: ["read_file"] };
  const blocked = await run(box, { policy: systemAndInside(box, [rule]), argv: ["/bin/true"] });
  expect([blocked.status, blocked.stderr.includes("EACCES")]).toEqual([125, true]);
  const lax = await run(box, { policy: systemAndInside(box, [{ ...rule, optional: true }]), argv: ["/bin/true"] });
  expect(lax.status).toBe(0);
});

asUsers(
  "an optional rule is skipped, and told, wherever nothing can hold one; any other fails the run",
  async (box) => {
    const long = box.path("x".repeat(300));
    const cases: readonly (readonly [path: string, errno: string])[] = [
      [box.symlink("loop", "loop"), "ELOOP"],
      [long, "ENAMETOOLONG"],
      [`${box.write("file", "")}/beneath`, "ENOTDIR"],
      ["/dev/stdout", "EBADFD"], // a pipe: the test reads it
    ];
    for (const [path, errno] of cases) {
      const rule = { path, rights: ["write_file"] };
      const strict = await run(box, { policy: systemAndInside(box, [rule]), argv: ["/bin/echo", "ran"] });
      expect([path, strict.status, strict.stdout]).toEqual([path, 125, ""]);
      expect(strict.stderr).toContain(`(${errno})\n  hint: `);
      const policy = systemAndInside(box, [{ ...rule, optional: true }]);
      for (const audit of [false, true]) {
        const lax = await run(box, { policy, argv: ["/bin/echo", "ran"], audit });
        expect([path, lax.status, lax.stdout, lax.stderr]).toEqual([path, 0, "ran\n", ""]);
      }
      const dry = await run(box, { policy, argv: ["/bin/true"], flags: ["--dry-run"] });
      expect([dry.status, dry.stderr]).toEqual([0, ""]);
      expect(dry.stdout).toMatch(new RegExp(`can't hold a rule, [^\\n]+\\(${errno}\\): the rule is skipped\\n`));
    }
  },
);

asUsers("a mistake isn't skipped: a folder's right on an optional file", async (box) => {
  const rule = { path: box.write("data/file", "x"), rights: ["read_file", "read_dir"], optional: true };
  const result = await run(box, { policy: systemAndInside(box, [rule]), argv: ["/bin/true"] });
  expect([result.status, result.stderr.includes("(EINVAL)")]).toEqual([125, true]);
});

asUsers("a folder's right on a file is refused with its place", async (box) => {
  const file = box.write("data/file", "x");
  const policy = systemAndInside(box, [{ path: file, rights: ["read_file", "read_dir"] }]);
  const result = await run(box, { policy, argv: ["/bin/true"] });
  expect(result.status).toBe(125);
  expect(result.stderr).toMatch(/policy\.toml:\d+:\d+: /);
});

asUsers("landlockd in a run of landlockd starts, or says what the outer policy has to open", async (box) => {
  const own = { path: landlockdPath(), rights: RUNNABLE };
  const argv = [
    landlockdPath(),
    "run",
    "--policy-file",
    box.write("inside/inner.toml", VERSION_ONLY),
    "--",
    "/bin/true",
  ];
  const policy = systemAndInside(box, [own]);
  const refused = await run(box, { policy, argv });
  expect([refused.status, refused.stdout]).toEqual([125, ""]);
  expect(refused.stderr).toContain('that run\'s policy needs [seccomp] allow = ["memfd_create.exec"]\n');
  const opened = await run(box, { policy: `${policy}[seccomp]\nallow = ["memfd_create.exec"]\n`, argv });
  expect(opened).toMatchObject({ status: 0, stderr: "" });
});

asUsers("with a broker or an audit file of its own it needs openat2, and says so", async (box) => {
  const file = box.write("inside/inner.toml", `${VERSION_ONLY}[broker]\nallow_read = ["/etc/passwd"]\n`);
  const plain = box.write("inside/plain.toml", VERSION_ONLY);
  const cat = ["--", "/bin/cat", "/etc/passwd"];
  for (const flags of [
    ["--policy-file", file],
    ["--policy-file", plain, "--audit", box.path("inside/audit.jsonl")],
  ]) {
    const argv = [landlockdPath(), "run", ...flags, ...cat];
    const refused = await run(box, { policy: VERSION_ONLY, argv });
    expect([refused.status, refused.stdout]).toEqual([125, ""]);
    expect(refused.stderr).toContain('needs openat2 for this: `[seccomp] allow = ["openat2"]` in the outer policy\n');
    const opened = await run(box, { policy: `${VERSION_ONLY}[seccomp]\nallow = ["openat2"]\n`, argv });
    expect(opened).toMatchObject({ status: 0, stderr: "", stdout: expect.stringContaining("root:") });
  }
});

asUsers("a broker within a broker: run says why not, doctor and the dry run too", async (box) => {
  const inner = box.write("inside/inner.toml", brokeredPolicy(box));
  const outer = (broker: string): string =>
    `${VERSION_ONLY}${broker}[seccomp]\nallow = ["memfd_create.exec", "openat2"]\n`;
  const scratch = `[broker]\nscratch = [${JSON.stringify(box.mkdir("outer-scratch"))}]\n`;
  const command = async (policy: string, ...argv: string[]) =>
    await run(box, { policy, argv: [landlockdPath(), ...argv] });
  const innerRun = ["run", "--policy-file", inner, "--", "/bin/echo", "ran"];

  expect(await command(outer(""), ...innerRun)).toMatchObject({ status: 0, stdout: "ran\n", stderr: "" });
  expect((await command(outer(""), "doctor")).stdout).toMatch(/yes {2}seccomp\.notify\n/);

  const refused = await command(outer(scratch), ...innerRun);
  expect([refused.status, refused.stdout]).toEqual([125, ""]);
  expect(refused.stderr).toBe(
    `landlockd: ${inner}:2:2: cannot install the system call filter: Device or resource busy (EBUSY)\n` +
      "  hint: this process is in a sandbox with a broker already, another landlockd's or a tool's like it, and the kernel allows one: run without [broker], or start it outside\n",
  );
  const doctor = await command(outer(scratch), "doctor");
  expect(doctor.stdout).toMatch(/no {3}seccomp\.notify: [^\n]+a sandbox with a broker[^\n]+\(EBUSY\)\n/);
  const dry = await command(outer(scratch), "run", "--policy-file", inner, "--dry-run");
  expect(dry.status).toBe(125);
  expect(dry.stdout).toMatch(/no {2}broker: needs seccomp user notification \(Linux 5\.0\); [^\n]+\(EBUSY\)\n/);
});
