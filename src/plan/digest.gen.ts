/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "34b105bd20abe09c398d71f10215cac1ffebe24fb1653be61785110ade078a41";
