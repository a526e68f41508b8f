/** Where `--audit` writes is the caller's to say: not for a workload that may write to the sink's folder. */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { landlockd, landlockdPath, readEvents } from "../harness/landlockd.ts";
import { systemAndInside } from "../harness/policies.ts";
import { type ProcessResult, runProcess } from "../harness/process.ts";

/** Without the fast path, and with what the runs before have left for it. */
const WAYS: readonly Readonly<Record<string, string>>[] = [{ LANDLOCKD_NO_FAST_PATH: "1" }, {}, {}];

async function audited(box: Box, sink: string, script: string, env = {}): Promise<ProcessResult> {
  const policy = box.write("policy.toml", systemAndInside(box));
  const argv = ["run", "--policy-file", policy, "--audit", sink, "--", "/bin/sh", "-c", script];
  return await landlockd(box, argv, { env: { PATH: "/usr/bin:/bin", HOME: box.dir, ...env } });
}

asUsers("a planted symbolic link leads no events to a file outside", async (box) => {
  const victim = box.write("outside/victim", "# the user's own\n");
  const sink = box.path("inside/audit.jsonl");
  for (const env of WAYS) {
    // Positive control: the sink is written, and the workload may put a link in its place.
    expect(await audited(box, sink, `rm ${sink} && ln -sT ${victim} ${sink}`, env)).toMatchObject({ status: 0 });
    const planted = await audited(box, sink, "echo ran", env);
    expect(planted).toMatchObject({ status: 125, stdout: "" });
    expect(planted.stderr).toStartWith(
      `landlockd: --audit "${sink}": "${sink}" is a symbolic link, which a workload may have put there\n`,
    );
    expect(readFileSync(victim, "utf8")).toBe("# the user's own\n");
    box.remove("inside/audit.jsonl");
  }
});

asUsers("a planted folder leads no events elsewhere", async (box) => {
  const sink = box.path("inside/logs/audit.jsonl");
  for (const env of WAYS) {
    box.mkdir("inside/logs");
    const plant = `rm -r ${box.path("inside/logs")} && ln -sT ${box.path("outside")} ${box.path("inside/logs")}`;
    expect(await audited(box, sink, `test -e ${sink} && ${plant}`, env)).toMatchObject({ status: 0 });
    const planted = await audited(box, sink, "echo ran", env);
    expect(planted).toMatchObject({ status: 125, stdout: "" });
    expect(planted.stderr).toContain(`"${box.path("inside/logs")}" is a symbolic link`);
    expect(existsSync(box.path("outside/audit.jsonl"))).toBe(false);
    box.remove("inside/logs");
  }
});

asUsers("what names a descriptor is one, link or not", async (box) => {
  const policy = box.write("policy.toml", systemAndInside(box));
  const by = async (sink: string): Promise<ProcessResult> => {
    const command = [landlockdPath(), "run", "--policy-file", policy, "--audit", sink, "--", "/bin/true"];
    const shell = `exec 7>>"$1"; shift; exec "$@" >&7 2>&7`;
    return await runProcess(box, ["/bin/bash", "-c", shell, "bash", box.path("log"), ...command]);
  };
  for (const sink of ["/dev/stdout", "/dev/stderr", "/dev/fd/7", "/proc/self/fd/7"]) {
    expect(await by(sink)).toMatchObject({ status: 0 });
    expect(readEvents(box.path("log")).map((event) => event.event)).toEqual(["run.start", "run.exit"]);
    box.remove("log");
  }
});
