/** Policies under which nothing can run. */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { FS_RIGHTS, rightsMask } from "../../kernel/landlock.ts";
import type { Arch } from "../../kernel/syscalls.ts";
import { quote, warning } from "../finding.ts";
import { accessAt, handledAnywhere, type LayerGrants } from "../grants.ts";
import type { Policy } from "../policy.ts";
import type { Facts } from "./facts.ts";

/** execve(2) opens a program with the intent to read and to execute: the kernel asks for both rights. */
const RUN = rightsMask(FS_RIGHTS, ["execute", "read_file"]);

/** Where programs look for their loader: the ELF interpreter of glibc, and of musl. */
const LOADERS: Readonly<Record<Arch, readonly string[]>> = {
  x86_64: ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"],
  aarch64: ["/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"],
};

function runs(layers: readonly LayerGrants[], path: string): boolean {
  return (accessAt(layers, path) & RUN) === RUN;
}

export function lintPrograms(policy: Policy, facts: Facts, layers: readonly LayerGrants[]): Finding[] {
  const denied = (policy.seccomp?.deny ?? []).indexOf("execve");
  if (denied >= 0) {
    return [
      warning("no-program", ["seccomp", "deny", denied], "execve is denied: the command itself can't be started"),
    ];
  }
  if ((handledAnywhere(layers) & RUN) === 0) return [];
  const key: KeyPath = [
    "fs_layer",
    Math.max(
      0,
      policy.fs_layer.findIndex((layer) => layer.handled_access_fs.includes("execute")),
    ),
    "handled_access_fs",
  ];
  const places = layers.flatMap((layer) => [...layer.granted.keys()]);
  if (!places.some((path) => runs(layers, path))) {
    return [
      warning(
        "no-program",
        key,
        "no program can be executed: nowhere are both execute and read_file granted, in every layer that handles them",
        'grant ["execute", "read_file"] on folders of programs, such as /usr',
      ),
    ];
  }
  return loaderFinding(policy, facts, layers, key);
}

/** A program that is linked dynamically needs its loader; which of them are there decides what is asked for. */
function loaderFinding(policy: Policy, facts: Facts, layers: readonly LayerGrants[], key: KeyPath): Finding[] {
  const root = policy.runtime?.root ?? "";
  const present = LOADERS[facts.arch].map((path) => `${root}${path}`).filter((path) => facts.kind(path) === "file");
  if (present.length === 0 || present.some((path) => runs(layers, facts.real(path)))) return [];
  const names = present.map((path) => quote(facts.real(path))).join(" and ");
  return [
    warning(
      "no-loader",
      key,
      `only static programs can be executed: execute and read_file are not granted on the loader, ${names}`,
      "grant both on the loader, and read_file on the libraries",
    ),
  ];
}
