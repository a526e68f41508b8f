import { expect, test } from "bun:test";
import { route } from "../../../src/broker/locate.ts";
import type { Folder, Roots } from "../../../src/broker/roots.ts";

const stat = { mode: 0, links: 1, inode: 0n, device: 0n, size: 0, mount: 0 } as unknown as Folder["stat"];

function folder(path: string, ...more: readonly string[]): Folder {
  return { zone: "scratch", fd: -1, path, spellings: [path, ...more], stat };
}

function found(folders: readonly Folder[], path: string): readonly [string, string] | undefined {
  const routed = route({ folders } as unknown as Roots, path);
  return routed === undefined ? undefined : [routed.folder.path, routed.rest];
}

test("a path belongs to the innermost folder, in whatever order they are listed", () => {
  const folders = [folder("/s"), folder("/s/mounted"), folder("/other", "/alias")];
  for (const listed of [folders, folders.toReversed()]) {
    expect(found(listed, "/s/file")).toEqual(["/s", "file"]);
    expect(found(listed, "/s/mounted")).toEqual(["/s/mounted", ""]);
    expect(found(listed, "/s/mounted/a/b")).toEqual(["/s/mounted", "a/b"]);
    expect(found(listed, "/s/mountedx")).toEqual(["/s", "mountedx"]);
    expect(found(listed, "/alias/x")).toEqual(["/other", "x"]);
    expect(found(listed, "/sx")).toBeUndefined();
    expect(found(listed, "/")).toBeUndefined();
  }
  expect(found([folder("/")], "/a/b")).toEqual(["/", "a/b"]);
});
