/** Places through which a write leads out of the sandbox: what is put there runs, or is obeyed, outside of it. */

import { isWithin } from "../tree.ts";
import type { Facts } from "./facts.ts";

/** One kind of such places: the code of its finding, and why it matters. */
export interface Sensitive {
  readonly code: string;
  /** Completes "write rights here reach …". */
  readonly what: string;
  readonly hint: string;
  readonly paths: readonly string[];
}

/** Files that are run or obeyed at the next login, shell, session or schedule; relative to the home folder. */
const STARTUP = [
  ".bashrc",
  ".bash_profile",
  ".bash_login",
  ".bash_logout",
  ".profile",
  ".zshrc",
  ".zshenv",
  ".zprofile",
  ".config/fish",
  ".config/autostart",
  ".config/systemd/user",
  ".config/environment.d",
  ".gitconfig",
  ".config/git",
  ".vimrc",
  ".pam_environment",
];

const SYSTEM_STARTUP = [
  "/etc/profile",
  "/etc/profile.d",
  "/etc/cron.d",
  "/etc/systemd",
  "/etc/ld.so.preload",
  "/var/spool/cron",
];

const KEYS = [".ssh", ".gnupg", ".config/landlockd"];

const SOCKETS = [
  "/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/crio/crio.sock",
  "/run/podman/podman.sock",
  "/run/dbus/system_bus_socket",
  "/run/systemd/private",
  "/run/snapd.socket",
  "/run/libvirt",
];

const USER_SOCKETS = ["bus", "docker.sock", "podman", "systemd/private", "landlockd"];

/** Every kind that a policy may reach on the host; what can't be known of it is left out. */
export function sensitivePlaces(facts: Facts): readonly Sensitive[] {
  const inHome = (names: readonly string[]): string[] =>
    facts.home === undefined ? [] : names.map((name) => `${facts.home}/${name}`);
  return [
    {
      code: "writes-policy",
      what: "the policy itself, which decides the next run",
      hint: "keep policies outside of what they let a run write",
      paths: facts.policyFile === undefined ? [] : [facts.policyFile],
    },
    {
      code: "writes-plan-store",
      what: "the store of compiled plans or its key, which decide the next run",
      hint: "grant write on narrower folders; a run under this policy doesn't use the store",
      paths: facts.storeFolders,
    },
    {
      code: "writes-landlockd",
      what: "the landlockd executable",
      hint: "grant write on narrower folders",
      paths: facts.executable === undefined ? [] : [facts.executable],
    },
    {
      code: "writes-keys",
      what: "keys and who may log in (~/.ssh, ~/.gnupg), or your policies",
      hint: "grant write on narrower folders",
      paths: inHome(KEYS),
    },
    {
      code: "writes-startup-files",
      what: "files that a shell, a session or a schedule runs outside of the sandbox",
      hint: "grant write on narrower folders",
      paths: [...inHome(STARTUP), ...SYSTEM_STARTUP],
    },
    {
      code: "writes-path-folder",
      what: "a folder on PATH, from which programs are run outside of the sandbox",
      hint: "grant write on narrower folders",
      paths: facts.pathFolders,
    },
    {
      code: "writes-proc",
      what: "/proc: oom_score_adj, coredump_filter and the like of the user's other processes",
      hint: "grant /proc for reading only",
      paths: ["/proc"],
    },
    {
      code: "writes-socket",
      what: "the socket of a daemon that acts outside of the sandbox",
      hint: "grant write on narrower folders",
      paths: [...SOCKETS, ...USER_SOCKETS.map((name) => `/run/user/${facts.uid}/${name}`)],
    },
  ];
}

/** What git runs when somebody works in the repository later: its hooks, and what its config names. */
export function gitPlaces(folder: string, facts: Facts): Sensitive {
  const paths = [`${folder}/.git/hooks`, `${folder}/.git/config`].filter(
    (path) => facts.kind(path) !== "missing" && facts.kind(path) !== "unknown",
  );
  return {
    code: "writes-git-hooks",
    what: "a repository's .git/hooks and .git/config, which git obeys outside of the sandbox",
    hint: "have git look elsewhere (core.hooksPath), or work on a clone; Landlock can't take a folder out of a grant",
    paths,
  };
}

/** Whether a write at `path` reaches the place: it is there, above it, or inside of it. */
export function reaches(path: string, place: string): boolean {
  return isWithin(place, path) || isWithin(path, place);
}
