/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "63c3fb8430719faa8c7bf9b097eacf9f522005210a30665ace7bbfc87d4c3e8a";
