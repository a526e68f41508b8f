// Prints the version that the executable reports: the package's, and the commit where git can tell.
// Run by Node, before the toolchain is there. The same commit gives the same text, wherever and whenever it is built.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

function git(...args) {
  try {
    return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

// A tarball unpacked inside another repository must not report that repository's commit.
const isOwnRepository = git("rev-parse", "--show-prefix") === "";
const commit = isOwnRepository ? git("rev-parse", "--short=12", "HEAD") : undefined;
const isRelease = commit !== undefined && git("tag", "--points-at", "HEAD", `v${version}`) !== "";
const isDirty = commit !== undefined && git("status", "--porcelain", "--untracked-files=no") !== "";

let build = "";
if (commit !== undefined && (!isRelease || isDirty)) build = `+${commit}${isDirty ? ".dirty" : ""}`;
console.log(`${version}${build}`);
