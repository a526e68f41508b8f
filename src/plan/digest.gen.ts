/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "aa1400f64b4a0950860e914d68b1d877ccc0e3b3c1f2cd7fd8fc59e4b2edbdb6";
