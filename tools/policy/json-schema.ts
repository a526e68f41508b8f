/** The JSON Schema of the policy language, made from the valibot schema that owns it. */

import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { policySchema } from "../../src/policy/schema.ts";
import { FS_RIGHT_TEXT, NET_RIGHT_TEXT, SCOPE_TEXT } from "./rights.ts";

/** Names the language, and is no address: nothing is fetched from anywhere. */
const ID = "urn:landlockd:policy:1";

const NAME_TEXT: Readonly<Record<string, string>> = { ...FS_RIGHT_TEXT, ...NET_RIGHT_TEXT, ...SCOPE_TEXT };

/** Draft 7, which every TOML editor reads. What is described is what a person writes, before defaults are filled in. */
export function policyJsonSchema(): JsonSchema {
  const { $schema, ...schema } = toJsonSchema(policySchema, {
    typeMode: "input",
    errorMode: "throw",
    ignoreActions: ["metadata", "transform"],
    overrideSchema: ({ jsonSchema }) => described(jsonSchema),
  });
  return { $schema: $schema ?? "", $id: ID, ...schema };
}

/** Adds the meaning of each name of a list of rights, where editors look for it. */
function described(schema: JsonSchema): JsonSchema | undefined {
  const names = schema.enum;
  if (names === undefined || !names.every((name) => typeof name === "string" && name in NAME_TEXT)) return undefined;
  const texts = names.map((name) => NAME_TEXT[String(name)] ?? "");
  return { ...schema, enumDescriptions: texts, "x-taplo": { docs: { enumValues: texts } } } as JsonSchema;
}
