/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "e287e8822986e2707e6190fcc24c6eb34840ba09a4098bbacfccff40cbe45d8a";
