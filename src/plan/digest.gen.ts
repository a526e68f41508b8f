/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "84e19b8f7549bb31f5283fb7c2fc2f11ff940f5f585a9e258609ed507198978f";
