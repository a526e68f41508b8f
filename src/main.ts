/** argv in, exit status out: everything else is in cli/. */

import { main } from "./cli/main.ts";
import { STATUS_FAILED, STATUS_USAGE } from "./cli/status.ts";

try {
  await main(process.argv.slice(2));
} catch (error) {
  // Not even the C library could be loaded, without which there is neither writeErr nor exit.
  console.error(`landlockd: cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(process.argv[2] === "run" ? STATUS_FAILED : STATUS_USAGE);
}
