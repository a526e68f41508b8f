/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "dd42814a7bb9520099124ee4ec3f6a8d642643cef0a5ac4c7ece3fb356228f29";
