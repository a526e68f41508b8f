/** Policies that tests are run under, as TOML text. */
import type { Box } from "./box.ts";

/** Every file system right of Landlock ABI 7. */
export const FS_RIGHTS: readonly string[] = [
  "execute",
  "write_file",
  "read_file",
  "read_dir",
  "remove_dir",
  "remove_file",
  "make_char",
  "make_dir",
  "make_reg",
  "make_sock",
  "make_fifo",
  "make_block",
  "make_sym",
  "refer",
  "truncate",
  "ioctl_dev",
];

export const RUNNABLE: readonly string[] = ["execute", "read_file"];

export const VERSION_ONLY: string = "version = 1\n";

/** Opens built-in protections. */
export function opening(...names: readonly string[]): string {
  return `[seccomp]\nallow = ${list(names)}\n`;
}

/** What a dynamic program needs beside itself. */
const SYSTEM_DIRS: readonly string[] = ["/usr", "/bin", "/lib", "/lib64", "/etc"];

const list = (values: readonly string[]): string => JSON.stringify(values);

export interface Grant {
  readonly path: string;
  readonly rights: readonly string[];
  readonly optional?: boolean;
}

/** One layer that handles `handled` and grants `grants`. */
export function layer(handled: readonly string[], grants: readonly Grant[]): string {
  const rules = grants.map(
    (grant) =>
      `[[fs_layer.rule]]\npath = ${JSON.stringify(grant.path)}\nallowed_access = ${list(grant.rights)}\n` +
      (grant.optional === true ? "optional = true\n" : ""),
  );
  return `[[fs_layer]]\nhandled_access_fs = ${list(handled)}\n${rules.join("")}`;
}

/** All rights handled; all granted in the box's `inside`, and `programs` can be executed. Nothing else. */
export function insideOnly(box: Box, programs: readonly string[], more: readonly Grant[] = []): string {
  const runnable = programs.map((path) => ({ path, rights: RUNNABLE }));
  return VERSION_ONLY + layer(FS_RIGHTS, [{ path: box.path("inside"), rights: FS_RIGHTS }, ...runnable, ...more]);
}

/** As {@link insideOnly}, and the system's programs can be read and executed: for shells and coreutils. */
export function systemAndInside(box: Box, more: readonly Grant[] = []): string {
  const system = SYSTEM_DIRS.map((path) => ({ path, rights: ["execute", "read_file", "read_dir"], optional: true }));
  const devices = [
    { path: "/dev/null", rights: ["read_file", "write_file"] },
    { path: "/proc", rights: ["read_file", "read_dir"] },
  ];
  return insideOnly(box, [], [...system, ...devices, ...more]);
}

/**
 * Little more than {@link VERSION_ONLY}: files and folders are written and made only inside, and to devices. So nothing
 * can come into the plan store, which keeps the plan: under {@link VERSION_ONLY} no run is ever the front's.
 */
export function storable(box: Box): string {
  const grants = [
    { path: box.path("inside"), rights: ["write_file", "make_reg", "make_dir"] },
    { path: "/dev", rights: ["write_file"] },
  ];
  return VERSION_ONLY + layer(["write_file", "make_reg", "make_dir"], grants);
}

/** No file system layer; TCP handled, and only these ports granted. */
export function netOnly(connect: readonly number[], bind: readonly number[] = []): string {
  const rule = (port: number, right: string): string => `[[net.rule]]\nport = ${port}\nallowed_access = ["${right}"]\n`;
  const rules = [...connect.map((port) => rule(port, "connect_tcp")), ...bind.map((port) => rule(port, "bind_tcp"))];
  return `${VERSION_ONLY}[net]\nhandled_access_net = ["bind_tcp", "connect_tcp"]\n${rules.join("")}`;
}

/** Nothing is denied but what every run is; somebody stays for it, because there is a broker. */
export function brokeredPolicy(box: Box): string {
  return `${VERSION_ONLY}[broker]\nscratch = [${JSON.stringify(box.mkdir("brokered-scratch"))}]\n`;
}
