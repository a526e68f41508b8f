/**
 * Runs the whole suite, and what starts landlockd once more from stored plans, and counts: the last line is
 * `N passed, N failed, N skipped`.
 *
 *     bun test/run-all.ts [FILE...]
 *
 * Status 1 if a test failed, the runner itself failed, or nothing ran. In CI (CI=true) tests that can't run here are
 * registered as failing ones (test/harness/cases.ts); a skip that comes another way fails the suite there too.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { probeNames, probePath } from "./harness/probe.ts";
import { makeStage, STAGE_VARIABLE } from "./harness/stage.ts";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** An attribute of the root element of a JUnit report. */
function attribute(report: string, name: string): number {
  const value = new RegExp(`<testsuites [^>]*\\b${name}="(\\d+)"`).exec(report)?.[1];
  if (value === undefined) throw new Error(`the report has no ${name}`);
  return Number(value);
}

function countsOf(report: string): Counts {
  const failed = attribute(report, "failures");
  const skipped = attribute(report, "skipped");
  return { passed: attribute(report, "tests") - failed - skipped, failed, skipped };
}

/** The names of skipped tests hold their reasons. */
function skippedNames(report: string): string[] {
  return [...report.matchAll(/<testcase [^>]*?name="([^"]*)"[^>]*>\s*<skipped/g)].map((match) => match[1] ?? "");
}

/** The folders whose tests hold landlockd by the front to what they hold it to by Bun: test/harness/landlockd.ts. */
const BOTH_WAYS = ["test/run", "test/escape", "test/broker"];

/** One run of the runner. An error outside a test fails it without being counted. */
async function runOnce(files: readonly string[], env: Readonly<Record<string, string>>): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "landlockd-report-"));
  const file = join(folder, "junit.xml");
  try {
    const reporter = ["--reporter=junit", `--reporter-outfile=${file}`];
    const runner = Bun.spawn([process.execPath, "test", "--timeout=120000", ...reporter, ...files], {
      cwd: resolve(import.meta.dir, ".."),
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const status = await runner.exited;
    const report = readFileSync(file, "utf8");
    for (const name of skippedNames(report)) console.log(`skipped: ${name}`);
    const counts = countsOf(report);
    const silent = counts.failed === 0 && (status !== 0 || counts.passed === 0);
    return silent ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runAll(files: readonly string[]): Promise<number> {
  const stage = makeStage();
  process.env[STAGE_VARIABLE] = stage;
  for (const name of probeNames()) probePath(name);
  try {
    const passes = [await runOnce(files, {})];
    if (files.length === 0) {
      console.log("\nonce more, from stored plans:");
      passes.push(await runOnce(BOTH_WAYS, { LANDLOCKD_WARM: "1" }));
    }
    const sum = (count: keyof Counts): number => passes.reduce((total, each) => total + each[count], 0);
    console.log(`${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
    const forbidden = Bun.env["CI"] === "true" && sum("skipped") > 0;
    return sum("failed") > 0 || forbidden ? 1 : 0;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

process.exitCode = await runAll(process.argv.slice(2));
