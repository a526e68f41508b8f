/** What each Landlock right lets a program do, in one line: for editors and for the reference page. */

import type { FsRight, NetRight, Scope } from "../../src/kernel/landlock.ts";

export const FS_RIGHT_TEXT: Readonly<Record<FsRight, string>> = {
  execute: "run a file as a program (reading it takes `read_file` too)",
  write_file: "open a file for writing",
  read_file: "open a file for reading",
  read_dir: "list a folder",
  remove_dir: "remove an empty folder, or move one away",
  remove_file: "remove a file, or move one away",
  make_char: "make a character device node",
  make_dir: "make a folder, or move one in",
  make_reg: "make a file, or link or move one in",
  make_sock: "make a UNIX socket in the filesystem",
  make_fifo: "make a FIFO",
  make_block: "make a block device node",
  make_sym: "make a symlink",
  refer: "move or link between folders; both need it. Denied everywhere as soon as there is a layer, handled or not",
  truncate: "cut a file: `truncate`, `ftruncate`, `creat`, or open with `O_TRUNC`; `>` in a shell needs it",
  ioctl_dev: "send commands to a device (`ioctl`), but for a few harmless ones",
  resolve_unix: "connect or send to a UNIX socket in the filesystem that was made outside the sandbox",
};

export const NET_RIGHT_TEXT: Readonly<Record<NetRight, string>> = {
  bind_tcp: "listen on, or send from, a TCP port",
  connect_tcp: "connect to a TCP port",
  bind_udp: "receive on, or send from, a UDP port",
  connect_send_udp: "send to a UDP port",
};

export const SCOPE_TEXT: Readonly<Record<Scope, string>> = {
  abstract_unix_socket: "connect or send to abstract UNIX sockets that were made outside the sandbox",
  signal: "send signals to processes outside the sandbox",
};
