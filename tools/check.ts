/** The one gate: runs every check, prints a line for each and all failures, and exits 1 when one failed. */
import { checks } from "./check/list.ts";
import { runChecks } from "./check/runner.ts";

process.exitCode = (await runChecks(checks())) ? 0 : 1;
