/** Writes `csrc/plan/layout.gen.h` from `src/plan/layout.ts`; with `--check`, exits 1 when the committed copy is stale. */
import { createHash } from "node:crypto";
import { OWN_FILESYSTEMS } from "../src/kernel/filesystems.ts";
import {
  ANY_UID,
  COMMANDS,
  EVENTS,
  HEADER,
  LAUNCH,
  LAUNCH_FLAGS,
  layoutText,
  MAX_BINDS,
  MAX_RULESETS,
  MESSAGE,
  MESSAGES,
  OP,
  OPS,
  type OpSpec,
  PIN,
  PLAN_FILE,
  PLAN_FILE_MAGIC,
  PLAN_MAGIC,
  PROOF_CALL,
  PROOF_ERRNO,
  REACHED,
  SHADOWED,
  SIEVE,
  STAGES,
  STORED,
  STORED_MAGIC,
  type Struct,
  SUPERVISOR,
} from "../src/plan/layout.ts";
import { writeGenerated } from "./generated.ts";

const C_TYPES = { u32: "uint32_t", i32: "int32_t", u64: "uint64_t" } as const;
const OPERAND_BITS = { a: 1, b: 2, c: 4, text: 8, text2: 16 } as const;

function cStruct(name: string, struct: Struct): string {
  const fields = Object.entries(struct.fields);
  const members = fields.map(([field, f]) => `\t${C_TYPES[f.type]} ${field}${f.count > 1 ? `[${f.count}]` : ""};`);
  const asserts = fields.map(
    ([field, f]) => `_Static_assert(offsetof(struct ${name}, ${field}) == ${f.offset}, "${name}.${field}");`,
  );
  return [
    `struct ${name} {`,
    ...members,
    "};",
    ...asserts,
    `_Static_assert(sizeof(struct ${name}) == ${struct.sizeBytes}, "${name}");`,
    "",
  ].join("\n");
}

function cEnum(prefix: string, values: Readonly<Record<string, number>>): string {
  const lines = Object.entries(values).map(([name, value]) => `\t${prefix}_${name.toUpperCase()} = ${value},`);
  return `enum {\n${lines.join("\n")}\n};\n`;
}

function opTable(): string {
  const specs: [string, OpSpec][] = Object.entries(OPS);
  const rows = specs.map(([name, spec]) => {
    const uses = spec.uses.reduce((bits, operand) => bits | OPERAND_BITS[operand], 0);
    const flags = Object.values(spec.flags).reduce((bits, flag) => bits | flag, 0);
    return `\t[LL_OP_${name.toUpperCase()}] = { ${uses}, ${flags} },`;
  });
  return [
    "/* Which operands (1 a, 2 b, 4 c, 8 text, 16 text2) and which flags an op may have. */",
    `#define LL_OP_TABLE \\\n${rows.join(" \\\n")}`,
    `#define LL_OP_KINDS ${Math.max(...specs.map(([, spec]) => spec.id)) + 1}`,
    "",
  ].join("\n");
}

function header(): string {
  const digest = createHash("sha256").update(layoutText()).digest();
  const words = Array.from(
    { length: 8 },
    (_, index) =>
      `0x${digest
        .readUInt32LE(index * 4)
        .toString(16)
        .padStart(8, "0")}`,
  );
  const opFlags = Object.entries(OPS).flatMap(([op, spec]) =>
    Object.entries((spec as OpSpec).flags).map(([flag, value]): [string, number] => [`${op}_${flag}`, value]),
  );
  return [
    "/* Made by tools/gen-layout.ts from src/plan/layout.ts: change that. */",
    "#ifndef LL_LAYOUT_GEN_H",
    "#define LL_LAYOUT_GEN_H",
    "",
    "#include <stddef.h>",
    "#include <stdint.h>",
    "",
    `#define LL_PLAN_MAGIC UINT64_C(0x${PLAN_MAGIC.toString(16).padStart(16, "0")})`,
    `#define LL_STORED_MAGIC UINT64_C(0x${STORED_MAGIC.toString(16).padStart(16, "0")})`,
    `#define LL_PLAN_FILE_MAGIC UINT64_C(0x${PLAN_FILE_MAGIC.toString(16).padStart(16, "0")})`,
    `#define LL_ANY_UID UINT32_C(0x${ANY_UID.toString(16)})`,
    `#define LL_MAX_RULESETS ${MAX_RULESETS}`,
    `#define LL_MAX_BINDS ${MAX_BINDS}`,
    `#define LL_PROOF_CALL 0x${PROOF_CALL.toString(16)}`,
    `#define LL_PROOF_ERRNO ${PROOF_ERRNO}`,
    `#define LL_LAYOUT_DIGEST \\\n\t{ ${words.join(", \\\n\t  ")} }`,
    "",
    "/* src/kernel/filesystems.ts; behind the last one is an empty one. */",
    `#define LL_OWN_FILESYSTEMS \\\n${OWN_FILESYSTEMS.map((each) => `\t"${each}\\0"`).join(" \\\n")}`,
    "",
    ...Object.entries(REACHED).map(
      ([name, text]) => `#define LL_REACHED_${name.toUpperCase()} ${JSON.stringify(text)}`,
    ),
    ...Object.entries(SHADOWED).map(
      ([name, text]) => `#define LL_SHADOWED_${name.toUpperCase()} ${JSON.stringify(text)}`,
    ),
    "",
    cStruct("ll_header", HEADER),
    cStruct("ll_op", OP),
    cStruct("ll_launch", LAUNCH),
    cStruct("ll_message", MESSAGE),
    cStruct("ll_stored", STORED),
    cStruct("ll_sieve", SIEVE),
    cStruct("ll_supervisor", SUPERVISOR),
    cStruct("ll_pin", PIN),
    cStruct("ll_plan_file", PLAN_FILE),
    cEnum("LL_OP", Object.fromEntries(Object.entries(OPS).map(([name, spec]) => [name, spec.id]))),
    cEnum("LL_FLAG", Object.fromEntries(opFlags)),
    cEnum("LL_STAGE", STAGES),
    cEnum("LL_MESSAGE", MESSAGES),
    cEnum("LL_COMMAND", COMMANDS),
    cEnum("LL_EVENT", EVENTS),
    cEnum("LL_LAUNCH", LAUNCH_FLAGS),
    opTable(),
    "#endif",
    "",
  ].join("\n");
}

/** The same digest for TypeScript, so that no start pays for hashing. */
function digestModule(): string {
  return [
    "/** Made by tools/gen-layout.ts from layout.ts: change that. */",
    "",
    "/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */",
    `export const LAYOUT_DIGEST = "${createHash("sha256").update(layoutText()).digest("hex")}";`,
    "",
  ].join("\n");
}

writeGenerated("csrc/plan/layout.gen.h", header());
writeGenerated("src/plan/digest.gen.ts", digestModule());
