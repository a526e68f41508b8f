/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "bb6c5fa9d4d08ea1087bd8f63e4b63e872f80d5f9e64e19f3af7980f1f358ed9";
