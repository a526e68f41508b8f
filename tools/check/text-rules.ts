/** The table behind `tools/check-text.ts`: a pattern that must not stand in some files, and why. */

/** One rule, applied line by line. */
export interface TextRule {
  readonly files: RegExp;
  readonly except?: RegExp;
  readonly pattern: RegExp;
  /** A line that matches this too is fine. */
  readonly unless?: RegExp;
  readonly message: string;
}

/** Public hosts that documents may point to. Anything else could be somebody's machine or mirror. */
const PUBLIC_HOST =
  /https?:\/\/(?:[a-z0-9-]+\.)*(?:kernel\.org|github\.com|gitlab\.com|githubusercontent\.com|man7\.org|json-schema\.org|schemastore\.org|oasis-open\.org|w3\.org|keepachangelog\.com|semver\.org|bun\.com|bun\.sh|biomejs\.dev|toml\.io|landlock\.io|pre-commit\.com|mitre\.org|nist\.gov|debian\.org|spdx\.org|example|invalid|test|localhost|example\.(?:com|org|net))\b|https?:\/\/(?:127\.0\.0\.1|\[::1\]|\$|%|…)/;

const SRC = /^src\/.*\.ts$/;
const EDGE = /^src\/(?:main\.ts|cli\/)/;
/** A macro, which runs when landlockd is built, reads the build's environment. */
const EDGE_AND_BUILD = /^src\/(?:main\.ts|cli\/|native\/embed\.ts$)/;
const CODE = /^(?:src|csrc|test|tools|bench)\/.*\.(?:ts|mjs|c|h|sh)$/;
const THIS_TABLE = /^tools\/check\/text-rules\.ts$/;

export const TEXT_RULES: readonly TextRule[] = [
  {
    files: SRC,
    except: EDGE,
    pattern: /\bconsole\.|\bprocess\.(?:stdout|stderr|exit|exitCode|abort)\b|\bBun\.(?:stdout|stderr)\b/,
    message: "only cli/ and main.ts print and choose the exit status",
  },
  {
    files: SRC,
    except: EDGE_AND_BUILD,
    pattern: /\bprocess\.(?:env|argv|argv0|execArgv)\b|\bBun\.(?:env|argv)\b/,
    message: "arguments and environment are handed down from main.ts and cli/",
  },
  {
    files: SRC,
    pattern: /\/[dgisuvy]*m[dgisuvy]*(?:[,;)]|\.(?:exec|test)\b)|RegExp\(.*"[dgisuvy]*m[dgisuvy]*"\)/,
    message:
      "a process may have a carriage return in its name: lines of /proc are told apart by newlines alone (base/field.ts)",
  },
  {
    files: CODE,
    except: THIS_TABLE,
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/,
    message: "unfinished work belongs in an issue",
  },
  {
    files: /^test\/.*\.ts$/,
    except: /^test\/harness\//,
    pattern: /\b(?:test|it|describe)\.(?:only|skip|todo)\(/,
    message: "switched off; the harness skips with a reason and counts it",
  },
  {
    files: /./,
    except: /^(?:tools\/check\/text-rules\.ts|package-lock\.json)$/,
    pattern:
      /(?<![\w.${}/-])\/(?:work\/(?:main|shared)|home\/(?!user\b|me\b|you\b|dev\b|runner\b|alice\b|bob\b)[a-z]\w*|root\/\.[a-z]\w*)\//,
    message: "a path of one machine",
  },
  {
    files: /./,
    except: /^(?:tools\/check\/text-rules\.ts|package-lock\.json)$/,
    pattern: /https?:\/\/[^\s"'`)>\]]+/,
    unless: PUBLIC_HOST,
    message: "not a public host that documents may name (tools/check/text-rules.ts)",
  },
  {
    files: /^package-lock\.json$/,
    pattern: /"resolved":/,
    message: "the lock file names no registry (.npmrc: omit-lockfile-registry-resolved)",
  },
];
