/** Sockets with a path outside the sandbox, that escapes are aimed at. */
import type { Box } from "./box.ts";
import { argvAs } from "./process.ts";
import { within } from "./within.ts";

const SERVE = `
import os, socket, sys
held = []
for kind, path in ((socket.SOCK_DGRAM, sys.argv[1]), (socket.SOCK_STREAM, sys.argv[2]), (socket.SOCK_SEQPACKET, sys.argv[3])):
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(path)
    os.chmod(path, 0o666)
    if kind != socket.SOCK_DGRAM:
        server.listen(64)
    held.append(server)
print("ready", flush=True)
sys.stdin.read()
`;

/** The paths of a socket of each type. */
export interface UnixServers {
  readonly datagrams: string;
  readonly stream: string;
  readonly packets: string;
}

/** Serves UNIX sockets of each type in `outside` until the box is closed. They never answer. */
export async function startUnixServers(box: Box): Promise<UnixServers> {
  const at = { datagrams: box.path("outside/d"), stream: box.path("outside/s"), packets: box.path("outside/p") };
  const child = Bun.spawn(argvAs(box, ["/usr/bin/python3", "-c", SERVE, at.datagrams, at.stream, at.packets]), {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  box.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  await within(30_000, child.stdout.getReader().read(), () => "the server isn't ready");
  return at;
}
