/**
 * Runs the whole suite and counts: the last line is `N passed, N failed, N skipped`.
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

async function runAll(files: readonly string[]): Promise<number> {
  const stage = makeStage();
  process.env[STAGE_VARIABLE] = stage;
  for (const name of probeNames()) probePath(name);
  const folder = mkdtempSync(join(tmpdir(), "landlockd-report-"));
  const file = join(folder, "junit.xml");
  try {
    const reporter = ["--reporter=junit", `--reporter-outfile=${file}`];
    const runner = Bun.spawn([process.execPath, "test", ...reporter, ...files], {
      cwd: resolve(import.meta.dir, ".."),
      env: process.env,
      stdio: ["ignore", "inherit", "inherit"],
    });
    const status = await runner.exited;
    const report = readFileSync(file, "utf8");
    for (const name of skippedNames(report)) console.log(`skipped: ${name}`);
    const counts = countsOf(report);
    // An error outside a test fails the run without being counted.
    const failed = status !== 0 && counts.failed === 0 ? 1 : counts.failed;
    console.log(`${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped`);
    const forbidden = Bun.env["CI"] === "true" && counts.skipped > 0;
    return status !== 0 || failed > 0 || counts.passed === 0 || forbidden ? 1 : 0;
  } finally {
    for (const each of [folder, stage]) rmSync(each, { recursive: true, force: true });
  }
}

process.exitCode = await runAll(process.argv.slice(2));
