/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "4ac4692a9b5587bde5c84f5274e88ba64550d4997226593bb874cc4e601d8e47";
