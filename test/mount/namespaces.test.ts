import { expect } from "bun:test";
import { asUnprivileged, asUsers } from "../harness/cases.ts";
import { landlockd, runArgv } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { mountOnly, runScript } from "./prepared.ts";

/** A user namespace in which no further one may be made: what the sysctl does on a whole host. */
const NO_MORE: readonly string[] = [
  "unshare",
  "-Ur",
  "setpriv",
  "--bounding-set=-sys_admin",
  "sh",
  "-c",
  'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"',
  "sh",
];

asUnprivileged(
  "without user namespaces a policy that mounts fails with the reason, and doctor tells it",
  async (box) => {
    const reason = "sysctl user.max_user_namespaces is 0";
    const policy = mountOnly('[mount]\ntmpfs = ["/mnt"]');
    const argv = runArgv(box, { policy, argv: ["/bin/echo", "ran"] });
    const refused = await runProcess(box, [...NO_MORE, ...argv]);
    expect(refused).toMatchObject({ status: 125, stdout: "" });
    expect(refused.stderr).toContain(`mount needs an unprivileged user namespace; this host has none (${reason})`);
    const [program = ""] = argv;
    const doctor = await runProcess(box, [...NO_MORE, program, "doctor"]);
    expect(doctor.stdout).toContain(`mount: needs an unprivileged user namespace; there is none (${reason})`);
    const best = runArgv(box, { policy, argv: ["/bin/echo", "ran"], flags: ["--best-effort"] });
    expect(await runProcess(box, [...NO_MORE, ...best])).toMatchObject({ status: 0, stdout: "ran\n" });
  },
);

asUsers("where a filter refuses clone, as a container's does, it is told", async (box) => {
  const argv = runArgv(box, { policy: mountOnly('[mount]\ntmpfs = ["/mnt"]'), argv: ["/bin/echo", "ran"] });
  const refused = await runProcess(box, [probePath("with"), "eperm=namespaces", "--", ...argv]);
  expect(refused).toMatchObject({ status: 125, stdout: "" });
  expect(refused.stderr).toContain("clone: EPERM: a seccomp filter is in force");
});

asUsers("doctor says how mounts are made here", async (box) => {
  const wanted = box.user.uid === 0 ? "in a mount namespace" : "in an unprivileged user namespace";
  const result = await landlockd(box, ["doctor"]);
  expect(result.stdout).toContain(`mount: ${wanted}`);
});

asUsers("inside one is the same user and group as outside, and its files are its own", async (box) => {
  const folder = box.mkdir("folder");
  const file = box.write("file", "");
  const script = `id -u; id -g; stat -c %u:%g ${file} ${folder}; touch ${folder}/x; stat -c %u:%g ${folder}/x; cat /proc/self/setgroups`;
  const result = await runScript(box, mountOnly(`[mount]\ntmpfs = ["${folder}"]`), script);
  const { uid, gid } = box.user;
  const setgroups = uid === 0 ? "allow" : "deny";
  expect(result.stdout).toBe(`${uid}\n${gid}\n${uid}:${gid}\n${uid}:${gid}\n${uid}:${gid}\n${setgroups}\n`);
});
