/** Made by tools/gen-layout.ts from layout.ts: change that. */

/** SHA-256 of `layoutText()`: what both sides of the FFI compare before the first use. */
export const LAYOUT_DIGEST = "1149b41effcea628e315319309d97aee52762981a419b8ba9b6bf2e803bead88";
