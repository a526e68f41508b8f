/** Writes `docs/protections.md` from the table and `tools/protections.md`; with `--check`, exits 1 when it is stale. */

import { readFileSync } from "node:fs";
import { errnoName } from "../src/kernel/errno-names.ts";
import { PROTECTIONS, type Protection, type SyscallMatch } from "../src/kernel/protections.ts";
import { writeGenerated } from "./generated.ts";

const MARKER = "<!-- the table -->";

const WHEN: Readonly<Record<Protection["when"], string>> = {
  always: "always",
  execute: "`execute` is handled",
  net: "a network right is handled",
  no_tcp: "`bind_tcp` and `connect_tcp` are handled, and no port is granted either",
  no_bind: "`bind_tcp` is handled, no port is granted it, and TCP sockets can be made",
  signal: "the scope `signal` isn't opened",
  no_socket: "`[seccomp] deny` names `socket`",
  no_udp:
    "`bind_udp` and `connect_send_udp` are handled, no port is granted either, and the kernel lacks them (before Linux 7.2)",
  no_truncate: "`truncate` is handled, and the kernel's Landlock lacks it (before Linux 6.2)",
  no_unix: "`resolve_unix` is handled, granted nowhere, and the kernel lacks it (before Linux 7.1)",
};

function closes({ syscalls, which }: SyscallMatch): string {
  const calls = syscalls.map((name) => `\`${name}\``).join(", ");
  return which === undefined ? calls : `${calls} ${which}`;
}

function row(line: Protection): string {
  const calls = line.unknown === true ? "every call newer than Linux 6.18" : line.matches.map(closes).join("; ");
  return `| \`${line.name}\` | ${calls} | ${errnoName(line.errno)} | ${WHEN[line.when]} | ${line.reason} |`;
}

const TABLE = ["| name | closes | fails with | when | why |", "|---|---|---|---|---|", ...PROTECTIONS.map(row)].join(
  "\n",
);

const page = readFileSync(new URL("protections.md", import.meta.url), "utf8");
if (!page.includes(MARKER)) throw new Error(`tools/protections.md has no line "${MARKER}"`);
writeGenerated("docs/protections.md", page.replace(MARKER, TABLE));
