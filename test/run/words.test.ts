/** What landlockd says of where it is, is so, and says what to do. */
import { expect } from "bun:test";
import { chmodSync, chownSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asRoot, asUnprivileged, asUsers } from "../harness/cases.ts";
import { landlockd, run } from "../harness/landlockd.ts";
import { insideOnly, layer, RUNNABLE, systemAndInside, VERSION_ONLY } from "../harness/policies.ts";
import { argvAs, baseEnv } from "../harness/process.ts";
import { UNPRIVILEGED } from "../harness/user.ts";
import { openShelf } from "../store/shelf.ts";

asUsers("a socket of another kind, a file, and nothing at all, where a daemon should be", async (box) => {
  const stream = box.path("inside/stream");
  const script = `import socket, sys, os; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); os.chmod(sys.argv[1], 0o777); print(flush=True); sys.stdin.read()`;
  const server = Bun.spawn(argvAs(box, ["/usr/bin/python3", "-c", script, stream]), { stdin: "pipe", stdout: "pipe" });
  box.defer(() => server.kill());
  await server.stdout.getReader().read();
  const told = async (socket: string): Promise<string> => {
    const result = await landlockd(box, ["status", "--socket", socket]);
    expect([result.status, result.stdout]).toEqual([2, ""]);
    return result.stderr;
  };
  expect(await told(stream)).toBe(
    `landlockd: ${stream} is a socket of another kind, and not of a landlockd daemon: Protocol wrong type for socket (EPROTOTYPE)\n`,
  );
  const file = box.write("file", "");
  expect(await told(file)).toBe(`landlockd: ${file} is not a socket\n`);
  const none = box.path("none");
  expect(await told(none)).toBe(
    `landlockd: no daemon answers at ${none}: No such file or directory (ENOENT)\n  hint: start one: landlockd serve --socket ${none}\n`,
  );
});

asUsers("a variable without a value is told once, however often a policy names it", async (box) => {
  const result = await landlockd(box, ["run", "--policy", "prepared-root", "--", "/bin/true"]);
  expect(result.status).toBe(125);
  expect(result.stderr).toMatch(
    /^landlockd: built-in:prepared-root:\d+:\d+: [^\n]+\n {2}hint: give it by --set ROOT=VALUE\n$/,
  );
});

asUsers("a folder that isn't there because a variable names it: the variable is told", async (box) => {
  const env = { ...baseEnv(box), TMPDIR: box.path("nowhere") };
  const result = await landlockd(box, ["run", "--policy", "ci-default", "--", "/bin/true"], { env });
  expect(result.status).toBe(125);
  expect(result.stderr).toMatch(
    /cannot grant rights on "[^"]*\/nowhere": [^\n]+\n {2}hint: it is the value of \$\{TMPDIR\}: make it, or give another one by --set TMPDIR=…\n$/,
  );
});

asUsers("a policy that leaves the plan store open: lint and the dry run say that runs start cold", async (box) => {
  const { env, strict } = openShelf(box);
  const reads = box.write(
    "reads.toml",
    VERSION_ONLY + layer(["read_file", "execute"], [{ path: "/", rights: RUNNABLE }]),
  );
  const says = async (file: string): Promise<boolean[]> => {
    const lint = await landlockd(box, ["lint", file], { env });
    const dry = await landlockd(box, ["run", "--policy-file", file, "--dry-run"], { env });
    return [lint.stdout.includes("[cold-start]"), dry.stdout.includes("every run of it starts cold, through Bun: ")];
  };
  expect(await says(reads)).toEqual([true, true]);
  expect(await says(strict)).toEqual([false, false]);
});

/** The box's `inside`, another user's, as the work folder. */
async function inFolderOf(box: Box, uid: number, argv: readonly string[], flags: readonly string[] = []) {
  chownSync(box.path("inside"), uid, uid);
  chmodSync(box.path("inside"), 0o755);
  return await run(box, { policy: systemAndInside(box), argv, flags, cwd: box.path("inside") });
}

asRoot("root in another user's folder is told why it can't write there, each time", async (box) => {
  const line = `landlockd: warning: a run has no capabilities, so root can't write in ${box.path("inside")}, which is uid 1000's (mode 0755)\n  hint: `;
  for (let time = 0; time < 2; time++) {
    const refused = await inFolderOf(box, 1000, ["/usr/bin/touch", "file"]);
    expect([refused.status, refused.stderr.includes("Permission denied")]).toEqual([1, true]);
    expect(refused.stderr).toStartWith(line);
  }
  expect((await inFolderOf(box, 1000, ["/bin/true"], ["--dry-run"])).stdout).toContain("so root can't write in");
  expect(await inFolderOf(box, 0, ["/usr/bin/touch", "file"])).toMatchObject({ status: 0, stderr: "" });
});

asUnprivileged("any other user isn't: it couldn't outside either", async (box) => {
  expect(await inFolderOf(box, UNPRIVILEGED.uid, ["/bin/true"])).toMatchObject({ status: 0, stderr: "" });
});

asUsers(
  "a program that the policy closes and that PATH has twice: the other one runs, and that is said once",
  async (box) => {
    const script = (name: string): string => `#!/bin/sh\necho ${name}\n`;
    const closed = [
      box.write("outside/a/tool", script("closed"), 0o755),
      box.write("outside/b/tool", script("closed"), 0o755),
    ];
    const notExecutable = box.write("outside/c/tool", script("data"), 0o644);
    const open = box.write("inside/bin/tool", script("open"), 0o755);
    const folders = [notExecutable, ...closed, open].map((file) => file.slice(0, -"/tool".length));
    const env = { ...baseEnv(box), PATH: [...folders, "/usr/bin", "/bin"].join(":") };
    // On the way there nothing is in the way but the policy.
    const free = await run(box, { policy: insideOnly(box, ["/"]), argv: ["tool"], env });
    expect(free).toMatchObject({ status: 0, stdout: "closed\n", stderr: "" });
    for (const audit of [false, true]) {
      const result = await run(box, { policy: systemAndInside(box), argv: ["tool"], env, audit });
      expect([audit, result.status, result.stdout]).toEqual([audit, 0, "open\n"]);
      expect(result.stderr).toBe(
        `landlockd: ${closed[0]}: the policy lets nothing execute it, trying the next of that name in PATH\n`,
      );
    }
    // With nothing else of that name, it is the error.
    const prefix = ["/usr/bin/env", `PATH=${folders.slice(1, 3).join(":")}`];
    const refused = await run(box, { policy: systemAndInside(box), argv: ["tool"], prefix });
    expect(refused.status).toBe(126);
    // A stderr that nobody reads ends nothing.
    const shell = ["/bin/bash", "-c", 'exec "$@" 2> >(exit 0)', "bash"];
    const unread = await run(box, { policy: systemAndInside(box), argv: ["tool"], env, prefix: shell });
    expect([unread.status, unread.signal, unread.stdout]).toEqual([0, null, "open\n"]);
  },
);
