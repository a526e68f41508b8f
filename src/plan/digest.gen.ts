/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "d3318664a61d97ce9dbd868b46bd5debed716ea7deac38e95b1cadff8393d23e";
