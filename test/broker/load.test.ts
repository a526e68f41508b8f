import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { asRoot, asUsers } from "../harness/cases.ts";
import { run, runArgv } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { baseEnv, runProcess } from "../harness/process.ts";
import { until } from "../harness/within.ts";
import { brokered, brokeredPrograms, prepare } from "./policies.ts";

asUsers("callers that are killed in mid-request end nothing but themselves", async (box) => {
  const { listed } = prepare(box);
  const policy = brokered({ allow_read: [listed] });
  const result = await run(box, { policy, argv: [probePath("race"), "killed", listed, "150"] });
  expect([result.stdout, result.status]).toEqual(["listed\n", 0]);
});

asUsers("a signal every millisecond interrupts no open that may be restarted", async (box) => {
  const { listed, scratch } = prepare(box);
  box.write("scratch/own", "own");
  for (const [path, word] of [
    [listed, "listed"],
    [`${scratch}/own`, "own"],
  ] as const) {
    const policy = brokered({ allow_read: [listed], scratch: [scratch] });
    const result = await run(box, { policy, argv: [probePath("race"), "signals", path, "3000"] });
    expect(result.stdout).toBe(`${word}\n`);
  }
});

asUsers("eight processes at once lose no request, and none waits long", async (box) => {
  const { listed } = prepare(box);
  const policy = brokered({ allow_read: [listed] });
  const result = await run(box, { policy, argv: [probePath("race"), "hammer", listed, "8", "500"] });
  expect(result.stdout).toBe("4000\n");
  // The bench measures it; here other tests run beside.
  expect(Number(result.stderr)).toBeLessThan(1000);
});

asUsers("a caller without room for an fd gets EMFILE, as from the kernel", async (box) => {
  const { listed } = prepare(box);
  const argv = [probePath("race"), "full", listed];
  const outside = await runProcess(box, argv);
  expect(outside.stdout).toBe("EMFILE\nlisted\n");
  const inside = await run(box, { policy: brokered({ allow_read: [listed] }), argv });
  expect(inside.stdout).toBe(outside.stdout);
});

asUsers("a path is read up to the end of its page, and no further", async (box) => {
  const { listed } = prepare(box);
  const argv = [probePath("race"), "edge", listed];
  const outside = await runProcess(box, argv);
  expect(outside.stdout).toBe("EFAULT\nlisted\n");
  const inside = await run(box, { policy: brokered({ allow_read: [listed] }), argv });
  expect(inside.stdout).toBe(outside.stdout);
});

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

asRoot("a broker's descriptors and memory stay where they were", async (box) => {
  const { listed, scratch } = prepare(box);
  const policy = brokeredPrograms({ allow_read: [listed], scratch: [scratch] });
  const race = probePath("race");
  const script = [
    `cd ${scratch}`,
    `: <${listed}`, // the first request that is somebody's: from here on the broker is there
    "read go",
    `${race} hammer ${listed} 4 1000 2>/dev/null; ${race} killed ${listed} 20`,
    "i=0; while [ $i -lt 100 ]; do echo x > f$i; mv f$i g; mkdir d; rmdir d; i=$((i+1)); done; rm g",
    "mkfifo p; for i in 1 2 3 4 5; do (cat p) & sleep 0.05; kill -9 $!; done; wait; sleep 0.3",
    "echo done > done; read go; exit 0",
  ].join("\n");
  const argv = runArgv(box, { policy, argv: ["/bin/bash", "-c", script] });
  const child = Bun.spawn(argv, { env: baseEnv(box), cwd: box.dir, stdin: "pipe", stdout: "ignore", stderr: "ignore" });
  await until("the supervisor", () => (descriptors(child.pid) > 5 ? true : undefined));
  await Bun.sleep(300);
  const before = descriptors(child.pid);
  child.stdin.write("go\n");
  await child.stdin.flush();
  await until("the work's end", async () => ((await Bun.file(`${scratch}/done`).exists()) ? true : undefined), 60_000);
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ");
  expect(descriptors(child.pid)).toBe(before);
  expect(children).toHaveLength(1);
  child.stdin.write("go\n");
  await child.stdin.end();
  expect(await child.exited).toBe(0);
});
