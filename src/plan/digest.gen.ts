/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "3ae33a39d577c39be78a7f5805fb7672232dbb509f3851c152f94f4f5c120112";
