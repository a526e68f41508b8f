/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "b7bb1b6f5176b648e20f38a6e4cfd26af7af186998db2ffe03837418d16b5b32";
