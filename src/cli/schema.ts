/** `landlockd schema`: the JSON Schema of the policy language, for editors. */

import type { CommandDef } from "citty";
import schema from "../../schema/landlockd.schema.json" with { type: "text" };
import { parseFlags } from "./arguments.ts";
import { writeOut } from "./output.ts";

export const command: CommandDef = {
  meta: { name: "schema", description: "Print the JSON Schema of the policy language" },
  run: ({ rawArgs }) => {
    parseFlags(rawArgs, {});
    writeOut(schema as unknown as string);
  },
};
