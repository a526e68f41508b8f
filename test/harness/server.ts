/** TCP servers on loopback that accept and hang up. */
import type { Box } from "./box.ts";

/** Listens at `hostname` on a port that is free there, until the box is closed. Returns the port in decimal. */
export function startServer(box: Box, hostname: "127.0.0.1" | "::1"): string {
  const server = Bun.listen({ hostname, port: 0, socket: { open: (socket) => void socket.end(), data() {} } });
  box.defer(() => server.stop(true));
  return String(server.port);
}
