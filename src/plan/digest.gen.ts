/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "45f8c9fb6b71e7f3ad22b54a339501150a44873141350834e5fe774c3f4af452";
