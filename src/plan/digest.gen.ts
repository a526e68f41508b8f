/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "e12b6ae0f1766e8cbdde1ec610346ffc22c5cab2fb97af66f845709e4735a2c1";
