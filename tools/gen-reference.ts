/** Writes `docs/policy-reference.md` from the policy schema; with `--check`, exits 1 when it is stale. */

import { readFileSync } from "node:fs";
import { writeGenerated } from "./generated.ts";
import { policyJsonSchema } from "./policy/json-schema.ts";
import { referencePage } from "./policy/reference.ts";

const intro = readFileSync("tools/policy/intro.txt", "utf8");
writeGenerated("docs/policy-reference.md", referencePage(intro, policyJsonSchema()));
