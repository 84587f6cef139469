import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export interface PeerPackage {
  readonly name: string;
  /** What of it is used. */
  readonly entry: string;
}

export const RESUMABLE_STREAM: PeerPackage = { name: "resumable-stream", entry: "resumable-stream/ioredis" };
export const DURABLE_STREAMS: PeerPackage = {
  name: "@durable-streams/server",
  entry: "@durable-streams/server",
};

/** The version that is installed in a folder's `node_modules`; undefined: none. */
export function peerVersion(peers: string, { name }: PeerPackage): string | undefined {
  try {
    return (requireFrom(peers)(join(peers, "node_modules", name, "package.json")) as { version: string })
      .version;
  } catch {
    return undefined; // Not installed there, which is what is asked.
  }
}

/** The caller says what of a package it relies on. */
export async function importPeer<Exports>(peers: string, { entry }: PeerPackage): Promise<Exports> {
  return (await import(pathToFileURL(requireFrom(peers).resolve(entry)).href)) as Exports;
}

function requireFrom(peers: string): NodeJS.Require {
  return createRequire(join(peers, "package.json"));
}
