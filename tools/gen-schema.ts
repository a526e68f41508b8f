/** Writes `schema/landlockd.schema.json` from `src/policy/schema.ts`; with `--check`, exits 1 when it is stale. */

import { writeGenerated } from "./generated.ts";
import { policyJsonSchema } from "./policy/json-schema.ts";

writeGenerated("schema/landlockd.schema.json", `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
