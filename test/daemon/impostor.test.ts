/** Whoever came to bind the daemon's socket: a workload that may write its folder has all the rest of a daemon's looks. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { encodeFrame, type FieldValue, type KindName, type TagName } from "../../src/daemon/frame.ts";
import { HELLO_NAMED_ONLY } from "../../src/daemon/request.ts";
import { probeHost } from "../../src/native/host.ts";
import { sealedCopy } from "../../src/native/memfd.ts";
import { acceptFrom, listenAt, receiveDatagram, sendDatagram } from "../../src/native/socket.ts";
import { syscall } from "../../src/native/syscall.ts";
import { LAYOUT_DIGEST } from "../../src/plan/digest.gen.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { compileRun } from "../../src/run/run.ts";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { socketFolder } from "../harness/daemon.ts";
import { landlockd } from "../harness/landlockd.ts";
import { insideOnly, VERSION_ONLY } from "../harness/policies.ts";
import type { ProcessResult } from "../harness/process.ts";

const LAX = new TextEncoder().encode(VERSION_ONLY);

async function laxPlan(): Promise<Uint8Array> {
  const source = { file: "lax.toml", bytes: LAX, policyDir: undefined };
  const { policy } = await loadPolicy(source, { cwd: "/", env: {}, uid: 0, set: new Map() });
  return encodePlan(compileRun(policy, probeHost(), false).plan);
}

type Fields = readonly (readonly [TagName, FieldValue])[];

interface Answer {
  readonly helloFlags: number;
  readonly kind: KindName;
  readonly fields: Fields;
  readonly bytes: Uint8Array;
}

/** Listens and gives everybody the same answer, until the box is closed. */
function impersonate(box: Box, socket: string, version: string, answer: Answer): void {
  const listenFd = listenAt(socket, 8);
  if (listenFd < 0) throw new Error(`listen: errno ${-listenFd}`);
  const fd = sealedCopy("impostor", answer.bytes);
  const clients = new Set<number>();
  const answered = new Set<number>();
  const timer = setInterval(() => {
    const accepted = acceptFrom(listenFd);
    if (accepted >= 0) {
      clients.add(accepted);
      const layout = Buffer.from(LAYOUT_DIGEST, "hex");
      const fields: Fields = [
        ["version", version],
        ["layout", layout],
        ["flags", answer.helloFlags],
      ];
      sendDatagram(accepted, encodeFrame("hello", fields));
    }
    for (const client of clients) {
      const datagram = receiveDatagram(client, false);
      if (datagram === "empty") continue;
      if (datagram === "closed") {
        clients.delete(client);
        answered.delete(client);
        syscall("close", client);
      } else {
        for (const each of [...datagram.fds, datagram.sender?.pidFd ?? -1]) if (each >= 0) syscall("close", each);
        if (!answered.has(client)) sendDatagram(client, encodeFrame(answer.kind, answer.fields), [fd]);
        answered.add(client);
      }
    }
  }, 2);
  box.defer(() => {
    clearInterval(timer);
    for (const each of [...clients, listenFd, fd]) syscall("close", each);
  });
}

/** A policy that was run once: so there is a key, without which no client gets as far as to look at a proof. */
async function strictPolicy(box: Box): Promise<string> {
  box.mkdir(".cache");
  const system = ["/usr", "/bin", "/lib", "/lib64", "/etc"].map((path) => ({
    path,
    rights: ["execute", "read_file"],
    optional: true,
  }));
  const policy = box.write("strict.toml", insideOnly(box, [], system));
  expect((await landlockd(box, ["run", "--policy-file", policy, "--", "/bin/true"])).status).toBe(0);
  return policy;
}

asUsers("an impostor's plan isn't run, nor its policy taken for the one that was asked for", async (box) => {
  const secret = box.write("outside/secret", "secret\n");
  const policy = await strictPolicy(box);
  const version = (await landlockd(box, ["--version"])).stdout.trim().split(" ")[1] ?? "";
  const plan = await laxPlan();
  const named: Fields = [
    ["flags", 0],
    ["policy_file", "strict.toml"],
    ["message", "by yourself"],
  ];
  const asked: Fields = [
    ["flags", 0],
    ["policy_file", "strict.toml"],
  ];
  const answers: readonly Answer[] = [
    { helloFlags: 0, kind: "plan", fields: asked, bytes: plan },
    { helloFlags: 0, kind: "plan", fields: [...asked, ["mac", new Uint8Array(32)]], bytes: plan },
    { helloFlags: HELLO_NAMED_ONLY, kind: "direct", fields: named, bytes: LAX },
  ];
  for (const [index, answer] of answers.entries()) {
    const socket = `${socketFolder(box, `daemon-${index}`)}/socket`;
    impersonate(box, socket, version, answer);
    Bun.spawnSync(["chown", `${box.user.uid}`, socket]);
    const result = await landlockd(box, ["run", "--socket", socket, "--policy-file", policy, "--", "/bin/cat", secret]);
    expect([index, result.stdout]).toEqual([index, ""]);
    expect(result.stderr).toMatch(/Permission denied|chooses policies itself/);
  }
});

/** As src/daemon/proof.ts has it. */
function macOf(key: Uint8Array, name: string, file: string, bytes: Uint8Array): Uint8Array {
  const mac = new Bun.CryptoHasher("sha256", key);
  for (const part of ["landlockd policy", name, file, "", bytes].map((each) => Buffer.from(each))) {
    mac.update(new BigUint64Array([BigInt(part.length)]));
    mac.update(part);
  }
  return mac.digest();
}

asUsers("an impostor that chooses policies by name has none that is taken for the user's", async (box) => {
  const secret = box.write("outside/secret", "secret\n");
  await strictPolicy(box);
  const version = (await landlockd(box, ["--version"])).stdout.trim().split(" ")[1] ?? "";
  const key = readFileSync(box.path(".local/state/landlockd/key"));
  const ask = async (index: number, mac: Uint8Array | undefined): Promise<ProcessResult> => {
    const socket = `${socketFolder(box, `daemon-${index}`)}/socket`;
    const fields: Fields = [
      ["flags", 0],
      ["policy_file", "strict.toml"],
      ["message", "by yourself"],
    ];
    const proven: Fields = mac === undefined ? fields : [...fields, ["mac", mac]];
    impersonate(box, socket, version, { helloFlags: HELLO_NAMED_ONLY, kind: "direct", fields: proven, bytes: LAX });
    Bun.spawnSync(["chown", `${box.user.uid}`, socket]);
    return await landlockd(box, ["run", "--socket", socket, "--policy", "strict", "--", "/bin/cat", secret]);
  };
  const forged = [
    undefined,
    new Uint8Array(32),
    macOf(new Uint8Array(32), "strict", "strict.toml", LAX),
    macOf(key, "lax", "strict.toml", LAX),
    macOf(key, "strict", "lax.toml", LAX),
    macOf(key, "strict", "strict.toml", Buffer.from(`${VERSION_ONLY}\n`)),
  ];
  for (const [index, mac] of forged.entries()) {
    const result = await ask(index, mac);
    expect([index, result.status, result.stdout]).toEqual([index, 125, ""]);
    expect(result.stderr).toContain("isn't proven by this user's key");
  }
  // Positive control: with the user's own key it is taken.
  expect(await ask(forged.length, macOf(key, "strict", "strict.toml", LAX))).toMatchObject({ stdout: "secret\n" });
});
