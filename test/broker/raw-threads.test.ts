import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { FS_RIGHTS } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { type ProcessResult, runProcess } from "../harness/process.ts";
import { brokered, prepare } from "./policies.ts";

const THREADS = 8;
const ROUNDS = 40;
const EACCES = 13;

asUsers("a static program with raw threads and preempting signals works in scratch as anywhere", async (box) => {
  const { listed, secret, scratch } = prepare(box);
  const granted = box.mkdir("granted");
  const argv = (folder: string, denied: number): string[] =>
    [probePath("rawthreads"), folder, listed, secret, denied, THREADS, ROUNDS].map(String);
  const expectAll = ({ stdout, stderr }: ProcessResult): void => {
    expect(stdout).toBe(`${THREADS * ROUNDS}\n`);
    expect(Number(stderr)).toBeGreaterThan(THREADS);
  };
  expectAll(await runProcess(box, argv(granted, 0)));
  const grants = [{ path: granted, rights: FS_RIGHTS }];
  const files = { allow_read: [listed] };
  expectAll(await run(box, { policy: brokered(files, grants), argv: argv(granted, EACCES) }));
  expectAll(await run(box, { policy: brokered({ ...files, scratch: [scratch] }), argv: argv(scratch, EACCES) }));
});
