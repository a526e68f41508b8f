/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "74b987eb02b3b6b00895b8b65ce62a6e7b64d9f3c285fbc99a91d27131f83cf6";
