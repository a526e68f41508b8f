/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "9861c0b2882a7858e21d8d000939fb6d750a3653f37ed107fb137f32cc040632";
