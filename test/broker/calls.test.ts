/** Calls by chance, right and wrong ones, with and without a broker: whatever a call is refused for, and in which order. */
import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { opening, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { brokered } from "./policies.ts";

/** No right to files is handled. Not the bare policy, which grants less where runs are to be the front's. */
const UNCONFINED = VERSION_ONLY + opening("openat2");

const SEEDS = 6;
const CALLS = "1500";

asUsers("whatever a call asks for, it comes to what it comes to without a broker", async (box) => {
  const calls = probePath("calls");
  const program = { path: calls, rights: ["execute", "read_file"] };
  for (let seed = 1; seed <= SEEDS; seed++) {
    // Of the same length: a path is too long in both or in neither.
    const [native, served] = [box.mkdir(`native-${seed}`), box.mkdir(`served-${seed}`)];
    const policies = [
      [native, UNCONFINED],
      [served, brokered({ scratch: [served] }, [program])],
    ] as const;
    const lines: string[][] = [];
    for (const [folder, policy] of policies) {
      const result = await run(box, { policy, argv: [calls, folder, String(seed), CALLS] });
      expect([result.stderr, result.status]).toEqual(["", 0]);
      lines.push(result.stdout.trim().split("\n"));
    }
    const [kernel = [], broker = []] = lines;
    const differs = kernel.findIndex((line, index) => line !== broker[index]);
    expect([seed, broker[differs]]).toEqual([seed, kernel[differs]]);
    expect(broker.length).toBe(Number(CALLS));
    for (const errno of ["OK", "EINVAL", "ENOENT", "EEXIST", "ENOTDIR", "EFAULT", "ENAMETOOLONG", "EBADF", "EPERM"])
      expect([errno, kernel.filter((line) => line.endsWith(`= ${errno}`)).length > 3]).toEqual([errno, true]);
  }
});
