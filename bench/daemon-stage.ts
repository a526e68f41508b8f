/** A daemon to measure, and policies with and without a broker. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LANDLOCKD } from "./lib/landlockd.ts";

const STEP_MS = 5;
const START_TIMEOUT_MS = 10_000;

export interface DaemonStage extends Disposable {
  readonly socket: string;
  readonly daemonPid: number;
  readonly plain: string;
  readonly brokered: string;
  readonly listed: string;
  readonly scratch: string;
}

const READ = '"execute", "read_file", "read_dir"';
const WRITE = '"write_file", "make_reg", "make_dir", "remove_file", "remove_dir"';

/** Starts a daemon; everything is readable, the broker has one file to read and one folder to work in. */
export function openDaemonStage(): DaemonStage {
  const folder = mkdtempSync(join(tmpdir(), "bench-daemon-"));
  const scratch = join(folder, "scratch");
  const listed = join(folder, "listed");
  mkdirSync(scratch);
  writeFileSync(listed, "listed");
  const system = ["/usr", "/bin", "/lib", "/lib64", "/etc", "/dev", resolve("build/bench")];
  const rules = system.map((path) => `{ path = ${JSON.stringify(path)}, allowed_access = [${READ}], optional = true }`);
  const layer = `version = 1\n[[fs_layer]]\nhandled_access_fs = [${READ}, ${WRITE}]\nrule = [${rules.join(", ")}]\n`;
  const plain = join(folder, "plain.toml");
  const brokered = join(folder, "brokered.toml");
  writeFileSync(plain, layer);
  writeFileSync(brokered, `${layer}[broker]\nallow_read = ["${listed}"]\nscratch = ["${scratch}"]\n`);
  const socket = join(folder, "socket");
  const daemon = Bun.spawn([LANDLOCKD, "serve", "--socket", socket], { stdin: "ignore", stdout: "ignore" });
  for (const end = performance.now() + START_TIMEOUT_MS; !existsSync(socket); Bun.sleepSync(STEP_MS)) {
    if (performance.now() > end) throw new Error("the daemon doesn't listen");
  }
  return {
    socket,
    daemonPid: daemon.pid,
    plain,
    brokered,
    listed,
    scratch,
    [Symbol.dispose]() {
      daemon.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A run that the daemon holds. */
export function heldArgv(stage: DaemonStage, policy: string, argv: readonly string[]): string[] {
  return [LANDLOCKD, "run", "--socket", stage.socket, "--policy-file", policy, "--", ...argv];
}

export function directArgv(policy: string, argv: readonly string[]): string[] {
  return [LANDLOCKD, "run", "--policy-file", policy, "--", ...argv];
}
