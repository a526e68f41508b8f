/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "ca48ad586eb4beb884df415cfb24ac75407cc8bf77c9f91d9d7641e6a2298196";
