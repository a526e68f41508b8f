/** Policies with a broker, as TOML text. */
import type { Box } from "../harness/box.ts";
import { FS_RIGHTS, type Grant, layer, opening, RUNNABLE, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

export interface Lists {
  readonly allow_read?: readonly string[];
  readonly allow_write?: readonly string[];
  readonly scratch?: readonly string[];
  readonly export?: readonly string[];
}

function brokerTable(lists: Lists): string {
  const lines = Object.entries(lists).map(([key, paths]) => `${key} = ${JSON.stringify(paths)}`);
  return `[broker]\n${lines.join("\n")}\n`;
}

const PROBES: readonly string[] = [
  "fs",
  "reads",
  "tree",
  "folder",
  "race",
  "swap",
  "step",
  "paths",
  "rawthreads",
  "proc",
];

/** Rights to put names in a folder, but none to read or write what they name. */
export const NAMES: readonly string[] = ["make_sym", "make_reg", "make_dir", "remove_file", "remove_dir", "refer"];

/**
 * Nothing granted but to execute the probes, and `more`; the rest is the broker's. openat2 is opened, and the protections
 * `opened`: the broker answers it as the other opens.
 */
export function brokered(lists: Lists, more: readonly Grant[] = [], opened: readonly string[] = []): string {
  const probes = PROBES.map((name) => ({ path: probePath(name), rights: RUNNABLE }));
  return VERSION_ONLY + layer(FS_RIGHTS, [...probes, ...more]) + brokerTable(lists) + opening("openat2", ...opened);
}

const READABLE = ["execute", "read_file", "read_dir"];

/** What real programs need to start, `more`, and the broker. */
export function brokeredPrograms(lists: Lists, more: readonly Grant[] = []): string {
  const system = ["/usr", "/bin", "/lib", "/lib64", "/etc"].map((path) => ({ path, rights: READABLE, optional: true }));
  return brokered(lists, [
    ...more,
    ...system,
    { path: "/proc", rights: ["read_file", "read_dir"] },
    { path: "/dev/null", rights: ["read_file", "write_file"] },
    { path: "/dev/urandom", rights: ["read_file"] },
  ]);
}

/** The box with a listed file, a secret beside it, a scratch folder and an export folder. */
export function prepare(box: Box): {
  readonly listed: string;
  readonly secret: string;
  readonly scratch: string;
  readonly out: string;
} {
  return {
    listed: box.write("outside/listed", "listed"),
    secret: box.write("outside/secret", "secret"),
    scratch: box.mkdir("scratch"),
    out: box.mkdir("export"),
  };
}
