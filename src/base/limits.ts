/**
 * What landlockd refuses to take in, by name. The limits are far above what a person writes; they exist so that no
 * input makes it slow or big, and every one that is hit is named in the message.
 */

/** Longest policy text, in bytes. */
export const POLICY_BYTES_MAX = 1_048_576;

/** How deep arrays and tables of a policy may be nested; the language itself needs 5. */
export const POLICY_DEPTH_MAX = 16;

/** Most rules in one policy, over all layers and `[net]`. */
export const POLICY_RULES_MAX = 20_000;

/** Most entries in any one list of a policy. */
export const POLICY_LIST_MAX = 20_000;

/** Most findings that are reported for one policy; the rest is counted. */
export const POLICY_FINDINGS_MAX = 200;

/** PATH_MAX of linux/limits.h counts the terminating NUL: the longest path has one byte less. */
export const PATH_BYTES_MAX = 4095;

/** Longest value of a variable, in bytes. */
export const VARIABLE_BYTES_MAX: number = PATH_BYTES_MAX;
