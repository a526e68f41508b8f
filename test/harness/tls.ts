/** A TLS server with a certificate of its own, in a network namespace of its own: every port is free there. */
import type { Box } from "./box.ts";
import { probePath } from "./probe.ts";
import { within } from "./within.ts";

export interface TlsServer {
  /** Without the path. */
  readonly url: string;
  /** The certificate to trust, in the box's `inside`. */
  readonly caFile: string;
  /** A command that enters the server's network namespace and executes its arguments. Takes root. */
  readonly enter: readonly string[];
}

function run(argv: readonly string[]): void {
  const child = Bun.spawnSync([...argv]);
  if (child.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${child.stderr}`);
}

/** Serves the files of the box's `served` at 127.0.0.1 and `ports`, until the box is closed. */
export async function startTlsServer(box: Box, ports: readonly number[]): Promise<TlsServer> {
  const [key, cert] = [box.path("outside/key.pem"), box.write("inside/ca.pem", "")];
  const subject = [
    "-subj",
    "/CN=landlockd-test",
    "-addext",
    "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:landlockd.test",
  ];
  const parameters = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  run(["openssl", "req", ...parameters, ...subject, "-keyout", key, "-out", cert]);
  const serve = (port: number): string =>
    `openssl s_server -quiet -accept 127.0.0.1:${port} -key ${key} -cert ${cert} -WWW &`;
  // s_server says nothing when it is ready with -quiet; a connection tells.
  const ready = (port: number): string => `until (: < /dev/tcp/127.0.0.1/${port}) 2>/dev/null; do sleep 0.05; done;`;
  const script = `${ports.map(serve).join(" ")} ${ports.map(ready).join(" ")} echo ready; wait`;
  const child = Bun.spawn(["unshare", "-n", probePath("with"), "up=lo", "--", "bash", "-c", script], {
    cwd: box.mkdir("served"),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    detached: true,
  });
  box.defer(async () => {
    process.kill(-child.pid, "SIGKILL");
    await child.exited;
  });
  await within(30_000, child.stdout.getReader().read(), () => "the TLS server isn't ready");
  return { url: "https://127.0.0.1", caFile: cert, enter: ["nsenter", `--net=/proc/${child.pid}/ns/net`, "--"] };
}
