/** A root folder that the tests make, and a host whose mounts are the test's own. */
import { chmodSync, copyFileSync, existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Box } from "../harness/box.ts";
import { type RunResult, run, runArgv } from "../harness/landlockd.ts";
import { type Grant, layer, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { type ProcessOptions, type ProcessResult, runProcess } from "../harness/process.ts";
import { ROOT } from "../harness/user.ts";

const BUSYBOX = "/bin/busybox";
const APPLETS: readonly string[] = [
  "sh",
  "cat",
  "ls",
  "touch",
  "id",
  "pwd",
  "mkdir",
  "rm",
  "sleep",
  "kill",
  "ln",
  "ps",
  "df",
];

/** What keeps these tests from running here; undefined where they can. */
export const obstacle: string | undefined = existsSync(BUSYBOX)
  ? undefined
  : "no busybox (apt-get install busybox-static)";

/** A root with a static busybox, empty folders to mount on, and the probe `escape` as /bin/probe. */
export function prepareRoot(box: Box, name: string = "root"): string {
  const root = box.mkdir(name);
  for (const folder of ["bin", "tmp", "proc", "work", "dev", "etc"]) box.mkdir(join(name, folder));
  for (const file of ["dev/null", "dev/urandom", "etc/resolv.conf"]) box.write(join(name, file), "");
  copyFileSync(BUSYBOX, join(root, "bin/busybox"));
  copyFileSync(probePath("escape"), join(root, "bin/probe"));
  chmodSync(join(root, "bin/busybox"), 0o755);
  chmodSync(join(root, "bin/probe"), 0o755);
  for (const applet of APPLETS) symlinkSync("busybox", join(root, "bin", applet));
  return root;
}

const SEEN: readonly string[] = ["execute", "read_file", "read_dir"];

/** One layer: everything beneath these folders may be run and read, these may be written too, and these files. */
export function fsLayer(
  seen: readonly string[],
  writable: readonly string[] = [],
  files: readonly string[] = [],
): string {
  const rights = [...SEEN, "write_file", "make_reg", "make_dir", "remove_file", "remove_dir", "truncate"];
  const grants: Grant[] = [
    ...seen.map((path) => ({ path, rights: SEEN })),
    ...writable.map((path) => ({ path, rights })),
    ...files.map((path) => ({ path, rights: ["read_file", "write_file"] })),
  ];
  return layer(rights, grants);
}

/** A policy without file layers: what is tested is what is mounted. */
export function mountOnly(...tables: readonly string[]): string {
  return VERSION_ONLY + tables.map((table) => `${table}\n`).join("");
}

/** Runs a shell script in the sandbox, by the busybox of the host or of the root. */
export async function runScript(
  box: Box,
  policy: string,
  script: string,
  options: ProcessOptions & { readonly audit?: boolean } = {},
): Promise<RunResult> {
  return await run(box, { ...options, policy, argv: ["/bin/busybox", "sh", "-c", script] });
}

/**
 * Runs landlockd on a host whose mounts `prepare`, a shell script that root runs in a mount namespace of its own, has
 * changed. landlockd itself runs as the box's user. `after` is run by root when it has ended, in the same namespace.
 */
export async function runOnHost(
  box: Box,
  prepare: string,
  policy: string,
  script: string,
  after: string = ":",
): Promise<ProcessResult> {
  const { uid, gid } = box.user;
  const argv = runArgv(box, { policy, argv: ["/bin/busybox", "sh", "-c", script] });
  const asUser = uid === 0 ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"];
  const program = `set -e; ${prepare}; status=0; "$@" || status=$?; ${after}; exit $status`;
  return await runProcess({ ...box, user: ROOT }, ["unshare", "-m", "sh", "-c", program, "sh", ...asUser, ...argv]);
}
