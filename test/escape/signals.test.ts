import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, probeArgv, type Row, row } from "../harness/claim.ts";
import { run } from "../harness/landlockd.ts";
import { opening, VERSION_ONLY } from "../harness/policies.ts";
import { runProcess } from "../harness/process.ts";
import { startVictim } from "../harness/victim.ts";

/** SIGUSR1, which the victim counts. */
const SIGUSR1 = "10";
const SIGIO = "29";

asUsers("no signal reaches the user's other processes", async (box) => {
  const { pid, finish } = await startVictim(box);
  const denied = (name: string): Row => row([name, pid, SIGUSR1], "OK", "EPERM");
  const rows = ["kill", "tkill", "tgkill", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo"].map(denied);
  await expectClaim(box, { probe: "proc", policy: VERSION_ONLY, rows });
  const { signals } = await finish();
  // Standard signals don't queue: several sent at once may arrive as one, but those of the control do arrive.
  expect(signals).toBeGreaterThanOrEqual(1);
  expect(signals).toBeLessThanOrEqual(rows.length);
});

asUsers("no signal of asynchronous I/O reaches them either", async (box) => {
  const control = await startVictim(box);
  const victim = await startVictim(box);
  const bare = await runProcess(box, probeArgv("proc", [["sigio", control.pid, SIGIO]]));
  expect(bare.stdout).toBe("sigio OK\n");
  // One for the byte, one when the probe ends and hangs up.
  expect((await control.finish()).signals).toBeGreaterThanOrEqual(1);
  const argv = probeArgv("proc", [["sigio", victim.pid, SIGIO]]);
  const confined = await run(box, { policy: VERSION_ONLY, argv });
  // The kernel drops the signal in silence.
  expect(confined.stdout).toBe("sigio OK\n");
  expect((await victim.finish()).signals).toBe(0);
});

const GROUP_SPELLINGS = ["fcntl", "low_half", "struct", "fiosetown", "siocspgrp"];

asUsers("no process group is given signals of asynchronous I/O, which kernels send past the scope", async (box) => {
  const rows = GROUP_SPELLINGS.map((spelling) => row(["sigio_group", spelling], "OK", "EPERM"));
  const own = row(["sigio_self"], "OK", "OK");
  await expectClaim(box, { probe: "owner", policy: VERSION_ONLY, rows: [...rows, own] });
});

asUsers("with the scope of signals open, or these calls, a group gets them", async (box) => {
  const rows = GROUP_SPELLINGS.map((spelling) => row(["sigio_group", spelling], "OK", "OK"));
  for (const opened of ['[scope]\nallow = ["signal"]\n', opening("fcntl.F_SETOWN", "ioctl.FIOSETOWN")])
    await expectClaim(box, { probe: "owner", policy: VERSION_ONLY + opened, rows });
});

asUsers("a policy can open the scope of signals", async (box) => {
  const { pid, finish } = await startVictim(box);
  const policy = `${VERSION_ONLY}[scope]\nallow = ["signal"]\n`;
  const result = await run(box, { policy, argv: probeArgv("proc", [["kill", pid, SIGUSR1]]) });
  expect(result.stdout).toBe("kill OK\n");
  expect((await finish()).signals).toBe(1);
});
