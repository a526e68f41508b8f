/** The executables that the benches measure. */
import { resolve } from "node:path";

/** The executable under measurement; `LANDLOCKD_BIN` names another (the unlinked one, an older one). */
export const LANDLOCKD: string = resolve(process.env["LANDLOCKD_BIN"] ?? "dist/landlockd");

/** An executable that `bun build --compile` made of nothing, with landlockd's own options (tools/bundle.ts). */
export const EMPTY_BUN: string = resolve("build/bench/empty");
