/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "829a5e173b5b7f5cae014992e0b2e2c7c6ca0b39bec1258da1eed984f53d7874";
