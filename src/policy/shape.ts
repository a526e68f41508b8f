/**
 * What the schema accepts, as plain data: made from the valibot schema at build time, so that a run with a good policy
 * builds no schema and loads no valibot (a third of a cold start). Only the schema tells what is wrong with a policy.
 */

/** How a string becomes the value that the policy has. */
export type Conversion = "sizeBytes" | "modeBits";

export type Shape =
  | { readonly is: "table"; readonly entries: Readonly<Record<string, Entry>> }
  | { readonly is: "list"; readonly item: Shape; readonly min: number; readonly max: number }
  | { readonly is: "path" }
  | { readonly is: "boolean" }
  | { readonly is: "one_of"; readonly values: readonly (string | number)[] }
  | { readonly is: "integer"; readonly min: number; readonly max: number }
  | {
      readonly is: "string";
      readonly min: number;
      readonly max: number;
      /** Source of a regular expression. */
      readonly pattern?: string;
      readonly as?: Conversion;
    }
  /** A path, which stands for a table that has only its `path`; or the table. */
  | { readonly is: "path_or_table"; readonly table: Shape };

export interface Entry {
  readonly shape: Shape;
  /** Absent: it must be there, or stays absent (`optional`). */
  readonly fallback?: string | number | boolean | readonly [];
  readonly optional?: true;
}
