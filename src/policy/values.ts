/** The leaves of the policy schema: paths, names, sizes. Each carries the description that editors and docs show. */

import * as v from "valibot";
import { POLICY_LIST_MAX } from "../base/limits.ts";

/** A string that is a path: variables are expanded in it, and nowhere else. */
export type PathSchema = v.SchemaWithPipe<
  readonly [
    v.StringSchema<undefined>,
    v.RegexAction<string, undefined>,
    v.DescriptionAction<string, string>,
    v.MetadataAction<string, { readonly path: true }>,
  ]
>;

export function path(description: string): PathSchema {
  return v.pipe(v.string(), v.regex(/^(\/|\$\{)/), v.description(description), v.metadata({ path: true }));
}

/** Whether a schema was made by `path`, also where a further pipe was laid around it. */
export function isPathSchema(schema: object): boolean {
  if (!("pipe" in schema)) return false;
  const pipe = schema.pipe as readonly { readonly type: string }[];
  return pipe.some((each) => each.type === "metadata" || isPathSchema(each));
}

type Many<Item extends v.GenericSchema> = v.ArraySchema<Item, undefined>;

/** A list that may be left out, and is then empty. */
export function listOf<const Item extends v.GenericSchema>(
  item: Item,
  description: string,
): v.OptionalSchema<
  v.SchemaWithPipe<
    readonly [
      Many<Item>,
      v.MaxLengthAction<v.InferOutput<Item>[], number, undefined>,
      v.DescriptionAction<v.InferOutput<Item>[], string>,
    ]
  >,
  readonly []
> {
  return v.optional(v.pipe(v.array(item), v.maxLength(POLICY_LIST_MAX), v.description(description)), []);
}

/** A list that must be there, with at least one entry. */
export function someOf<const Item extends v.GenericSchema>(
  item: Item,
  description: string,
): v.SchemaWithPipe<
  readonly [
    Many<Item>,
    v.MinLengthAction<v.InferOutput<Item>[], 1, undefined>,
    v.MaxLengthAction<v.InferOutput<Item>[], number, undefined>,
    v.DescriptionAction<v.InferOutput<Item>[], string>,
  ]
> {
  return v.pipe(v.array(item), v.minLength(1), v.maxLength(POLICY_LIST_MAX), v.description(description));
}
