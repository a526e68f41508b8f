/** Programs that benches are made with. */
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";

/** Where they go. @throws Error if the folder can't be made */
export function placeOf(name: string): string {
  mkdirSync(resolve("build/bench"), { recursive: true });
  return resolve("build/bench", name);
}

/** @throws Error with what the command says, if it fails */
export function must(argv: readonly string[]): void {
  const { success, stderr } = Bun.spawnSync([...argv]);
  if (!success) throw new Error(`${argv[0]}: ${stderr}`);
}
