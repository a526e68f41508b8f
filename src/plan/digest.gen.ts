/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "e5c81579707e44f36d28ed13d57f00f8f5c7239d78db6583030a3a99ea98bdd7";
