/** Set by the build (`--define`); a checkout run by Bun itself has none. */
declare const LANDLOCKD_VERSION: string | undefined;

/** What `--version` prints. */
export const VERSION: string = typeof LANDLOCKD_VERSION === "string" ? LANDLOCKD_VERSION : "unbuilt";
