/** Growth: what a policy of 1 to 10,000 rules costs, compiled for this run (cold) and from the plan store (warm). */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Contestant, measureProcesses, type Rounds } from "./lib/hyperfine.ts";
import { LANDLOCKD } from "./lib/landlockd.ts";
import { describeMachine, versionOf } from "./lib/machine.ts";
import type { Bench, Result } from "./lib/result.ts";

const SIZES: readonly number[] = [1, 10, 100, 1000, 10_000];
const TRUE = "/bin/true";

const FULL: Rounds = { rounds: 6, runs: 15, warmup: 2 };
const QUICK: Rounds = { rounds: 1, runs: 3, warmup: 1 };

const rule = (path: string, rights: string): string =>
  `[[fs_layer.rule]]\npath = "${path}"\nallowed_access = [${rights}]\n`;

/** A policy with `size` rules: one for all that runs /bin/true, each other one on a file of its own. */
function writePolicy(folder: string, size: number): string {
  const files = Array.from({ length: size - 1 }, (_, index) => join(folder, "files", `${index}`));
  const text = [
    'version = 1\n[[fs_layer]]\nhandled_access_fs = ["execute", "read_file", "write_file"]\n',
    rule("/", '"execute", "read_file"'),
    ...files.map((file) => rule(file, '"read_file"')),
  ].join("");
  const path = join(folder, `${size}.toml`);
  writeFileSync(path, text);
  return path;
}

function contestants(folder: string): Contestant[] {
  return SIZES.flatMap((size) => {
    const argv = [LANDLOCKD, "run", "--policy-file", writePolicy(folder, size), "--", TRUE];
    const command = `landlockd run --policy-file ${size}.toml -- ${TRUE}`;
    const rules = size === 1 ? "1 rule" : `${size.toLocaleString("en")} rules`;
    return [
      { name: `${rules}, warm`, argv, command },
      { name: `${rules}, cold`, argv, command, cold: true },
    ];
  });
}

export const growth: Bench = {
  name: "growth",
  run({ quick }): Result {
    const settings = quick ? QUICK : FULL;
    const folder = mkdtempSync(join(tmpdir(), "growth-"));
    try {
      mkdirSync(join(folder, "files"));
      for (let index = 0; index < Math.max(...SIZES); index++) writeFileSync(join(folder, "files", `${index}`), "");
      return {
        bench: "growth",
        title: "Whole-process time of /bin/true under policies of many rules",
        unit: "ms",
        machine: describeMachine(),
        versions: {
          landlockd: versionOf([LANDLOCKD, "--version"]),
          hyperfine: versionOf(["hyperfine", "--version"]),
        },
        settings: { ...settings },
        series: measureProcesses(contestants(folder), settings),
        versus: [{ title: "÷ 1 rule, warm", name: "1 rule, warm" }],
        targets: [],
      };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
