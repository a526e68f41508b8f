/** argv in, exit status out: everything else is in cli/. */

import { main } from "./cli/main.ts";

await main(process.argv.slice(2));
