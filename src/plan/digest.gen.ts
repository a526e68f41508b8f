/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "c96fa323c9ed0723c8b5bc451a3095729e5b43fcd131e2dd2fe621719b4d2562";
