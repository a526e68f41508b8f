import { expect } from "bun:test";
import { chownSync, mkdirSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { probeArgv } from "../harness/claim.ts";
import { landlockd, run } from "../harness/landlockd.ts";
import { FS_RIGHTS, layer, RUNNABLE, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { baseEnv } from "../harness/process.ts";

/** Reading is granted where `path` leads, and nowhere else. */
const readable = (path: string): string =>
  VERSION_ONLY +
  layer(FS_RIGHTS, [
    { path: probePath("fs"), rights: RUNNABLE },
    { path, rights: ["read_file"] },
  ]);

async function canRead(box: Box, policy: string, file: string, flags: readonly string[] = []): Promise<string> {
  const result = await run(box, { policy, argv: probeArgv("fs", [["read_openat", file]]), flags });
  return result.status === 0 ? result.stdout : result.stderr;
}

asUsers("variables name the caller's folders", async (box) => {
  const granted = box.write("inside/file", "x");
  const other = box.write("outside/file", "x");
  const uid = box.write(`uid-${box.user.uid}/file`, "x");
  expect(await canRead(box, readable(`\${CWD}/inside`), granted)).toBe("read_openat OK\n");
  expect(await canRead(box, readable(`\${CWD}/inside`), other)).toBe("read_openat EACCES\n");
  expect(await canRead(box, readable(`\${HOME}/inside`), granted)).toBe("read_openat OK\n");
  expect(await canRead(box, readable(`\${TMPDIR}/inside`), granted)).toBe("read_openat OK\n");
  expect(await canRead(box, readable(`\${POLICY_DIR}/inside`), granted)).toBe("read_openat OK\n");
  expect(await canRead(box, readable(`${box.dir}/uid-\${UID}`), uid)).toBe("read_openat OK\n");
});

asUsers("--set gives a variable, and its value is data", async (box) => {
  const granted = box.write('inside/odd ${HOME} "name"/file', "x");
  const policy = readable("${WHERE}");
  const set = (value: string): string[] => ["--set", `WHERE=${value}`];
  expect(await canRead(box, policy, granted, set(box.path('inside/odd ${HOME} "name"')))).toBe("read_openat OK\n");
  for (const value of ["relative", "", `${box.path("inside")}/../outside`, "~", "/a\nb"]) {
    const refused = await run(box, { policy, argv: ["/bin/true"], flags: set(value) });
    expect([value, refused.status]).toEqual([value, 125]);
    expect(refused.stderr).toMatch(/policy\.toml:\d+:\d+: /);
  }
  const undefined_ = await run(box, { policy, argv: ["/bin/true"] });
  expect(undefined_.status).toBe(125);
  expect(undefined_.stderr).toContain("WHERE");
});

asUsers("a variable whose value isn't there or isn't clean is an error, not a wider grant", async (box) => {
  const noHome = await run(box, { policy: readable("${HOME}"), argv: ["/bin/true"], env: { PATH: "/bin" } });
  expect(noHome.status).toBe(125);
  for (const home of ["", "relative", "/a/../b", "//x"]) {
    const env = { ...baseEnv(box), HOME: home };
    const result = await run(box, { policy: readable("${HOME}/x"), argv: ["/bin/true"], env });
    expect([home, result.status]).toEqual([home, 125]);
  }
});

asUsers("bytes that aren't UTF-8 never become another path, which somebody may have made", async (box) => {
  const bad = Buffer.concat([Buffer.from(box.path("inside/")), Buffer.from([0xff])]);
  mkdirSync(bad);
  chownSync(bad, box.user.uid, box.user.gid);
  const secret = box.write("outside/file", "x");
  box.symlink(box.path("outside"), "inside/\ufffd");
  const from = ["/bin/sh", "-c", `cd inside/"$(printf '\\377')" && exec "$@"`, "sh"];
  const at = [
    "/bin/sh",
    "-c",
    `where=$PWD/inside/$(printf '\\377') && exec "$@" --set WHERE="$where" -- /bin/cat ${secret}`,
    "sh",
  ];
  const cwd = await run(box, {
    policy: readable("${CWD}"),
    argv: probeArgv("fs", [["read_openat", secret]]),
    prefix: from,
  });
  expect(cwd).toMatchObject({ status: 125, stdout: "" });
  expect(cwd.stderr).toContain("isn't UTF-8");
  const policy = box.write("where.toml", readable("${WHERE}"));
  const set = await landlockd(box, ["run", "--policy-file", policy], { prefix: at });
  expect(set).toMatchObject({ status: 125, stdout: "" });
  expect(set.stderr).toContain("isn't UTF-8");
});

asUsers("named policies are looked for in order", async (box) => {
  const denying = (call: string): string => `${VERSION_ONLY}[seccomp]\ndeny = ["${call}"]\n`;
  box.write("first/mine.toml", denying("mkdir"));
  box.write("second/mine.toml", denying("mkdirat"));
  box.write("config/landlockd/policies/mine.toml", denying("mknod"));
  const probe = probeArgv("tree", [
    ["mkdir", "/proc/x"],
    ["mkdirat", "/proc/x"],
    ["mknod", "/proc/x"],
  ]);
  const results = async (env: Record<string, string>): Promise<string> => {
    const argv = ["run", "--policy", "mine", "--", ...probe];
    return (await landlockd(box, argv, { env: { ...baseEnv(box), XDG_CONFIG_HOME: box.path("config"), ...env } }))
      .stdout;
  };
  const path = `${box.path("absent")}:${box.path("first")}:${box.path("second")}`;
  expect(await results({ LANDLOCKD_POLICY_PATH: path })).toBe("mkdir EPERM\nmkdirat ENOENT\nmknod ENOENT\n");
  expect(await results({})).toBe("mkdir ENOENT\nmkdirat ENOENT\nmknod EPERM\n");
});

/** Executes its arguments with LANDLOCKD_POLICY_PATH twice in the environment. */
const TWICE = `
import ctypes, os, sys
paths, argv = sys.argv[1:3], sys.argv[3:]
env = [f"{k}={v}" for k, v in os.environ.items()] + [f"LANDLOCKD_POLICY_PATH={each}" for each in paths]
strings = lambda list: (ctypes.c_char_p * (len(list) + 1))(*[each.encode() for each in list], None)
ctypes.CDLL(None).execve(argv[0].encode(), strings(argv), strings(env))
`;

asUsers("of a variable that is given twice the first counts, also once a plan is stored", async (box) => {
  const [mine, other] = [box.write("inside/file", "x"), box.write("outside/file", "x")];
  box.write("first/p.toml", readable(box.path("inside")));
  box.write("second/p.toml", readable(box.path("outside")));
  const prefix = ["/usr/bin/python3", "-c", TWICE, box.path("first"), box.path("second")];
  const argv = probeArgv("fs", [
    ["read_openat", mine],
    ["read_openat", other],
  ]);
  const filled = { ...baseEnv(box), LANDLOCKD_POLICY_PATH: box.path("first") };
  for (const env of [baseEnv(box), filled]) {
    await run(box, { policy: null, argv, flags: ["--policy", "p"], env });
    const twice = await run(box, { policy: null, argv, flags: ["--policy", "p"], prefix });
    expect(twice.stdout).toBe("read_openat OK\nread_openat EACCES\n");
  }
});
