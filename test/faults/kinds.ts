/** The ways in which a run is started, each with what its workload may do and what it may not. */
import { chmodSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { startDaemon } from "../harness/daemon.ts";
import { faulty } from "../harness/fault.ts";
import { landlockdPath } from "../harness/landlockd.ts";
import { FS_RIGHTS, layer, RUNNABLE, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { argvAs, baseEnv } from "../harness/process.ts";

/** A run that may meet a fault. */
export interface Kind {
  /** landlockd and its arguments, command included. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What the command prints where it is confined; each OK in front of "?" may also be an error. */
  readonly lines: readonly string[];
}

/** The command's own status. */
export const STATUS = 7;

/** Each attempt, and what comes of it inside. Outside each is OK, but for the capabilities of who has none. */
function attempts(box: Box, more: readonly (readonly [string[], string])[]): readonly (readonly [string[], string])[] {
  return [
    [["write", box.write("inside/file", "")], "write OK"],
    [["write", box.write("outside/file", "")], "write EACCES"],
    ...more,
    [["ring"], "ring ENOSYS"],
    [["capabilities"], "capabilities EPERM"],
    [["privileges"], "privileges EPERM"],
    [["descriptors"], "descriptors EBADF"],
  ];
}

function kind(
  box: Box,
  policy: string,
  flags: string[],
  env: Kind["env"],
  more: (readonly [string[], string])[] = [],
): Kind {
  const rows = attempts(box, more);
  const command = [probePath("confined"), ...rows.flatMap(([attempt]) => [...attempt, "+"]), "end", String(STATUS)];
  return {
    argv: [landlockdPath(), "run", "--policy-file", policy, ...flags, "--", ...command],
    env,
    lines: rows.map(([, line]) => line),
  };
}

/** Runs it once, so that its plan is kept. */
function warmed(box: Box, each: Kind): Kind {
  const { exitCode, stderr } = Bun.spawnSync(argvAs(box, each.argv), { env: each.env, cwd: box.dir });
  if (exitCode !== STATUS) throw new Error(`${exitCode}: ${stderr}`);
  return each;
}

export type Kinds = Readonly<
  Record<"cold" | "warm" | "recorded" | "mounts" | "broker" | "coldBroker" | "daemon", Kind>
>;

export async function openKinds(box: Box): Promise<Kinds> {
  const runtime = box.mkdir("runtime");
  chmodSync(runtime, 0o700);
  const env = { ...baseEnv(box), XDG_RUNTIME_DIR: runtime };
  const cold = { ...env, LANDLOCKD_NO_FAST_PATH: "1" };
  const inside = { path: box.path("inside"), rights: ["read_file", "write_file"] };
  const plain = VERSION_ONLY + layer(FS_RIGHTS, [inside, { path: probePath("confined"), rights: RUNNABLE }]);
  const listed = box.write("outside/listed", "listed");
  const scratch = box.mkdir("scratch");
  const brokered = `${plain}[broker]\nallow_read = [${JSON.stringify(listed)}]\nscratch = [${JSON.stringify(scratch)}]\n`;
  const asks = [
    [["read", listed], "read OK?"],
    [["make", `${scratch}/made`], "make OK?"],
    [["read", box.write("outside/secret", "secret")], "read EACCES"],
  ] as (readonly [string[], string])[];
  const hidden = box.write("hidden/file", "hidden");
  const mounts = `${plain}[mount]\nproc = ["/proc"]\n[[mount.tmpfs]]\npath = ${JSON.stringify(box.path("hidden"))}\n`;
  const files = {
    plain: box.write("plain.toml", plain),
    mounts: box.write("mounts.toml", mounts),
    brokered: box.write("brokered.toml", brokered),
  };
  // A client is refused that has more filters than the daemon's parent: so that has the one by which calls are met.
  const beneath = [...faulty({ call: "getpid", result: 0, at: -1 }), "/bin/sh", "-c", '"$@"; exit $?', "sh"];
  const { socket } = await startDaemon(box, [], beneath);
  const audit = ["--audit", box.path("audit.jsonl")];
  const kinds: Kinds = {
    cold: kind(box, files.plain, [], cold),
    warm: warmed(box, kind(box, files.plain, [], env)),
    recorded: warmed(box, kind(box, files.plain, audit, env)),
    mounts: warmed(box, kind(box, files.mounts, [], env, [[["write", hidden], "write ENOENT"]])),
    broker: warmed(box, kind(box, files.brokered, [], env, asks)),
    coldBroker: kind(box, files.brokered, [], cold, asks),
    daemon: warmed(box, kind(box, files.brokered, ["--socket", socket], env, asks)),
  };
  return kinds;
}
