import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of its own that is soon full. */
export interface SmallDisk {
  readonly directory: string;
  remove(): void;
}

const SIZE = "4m";

/** Mounts one; undefined where this user may not. */
export function mountSmallDisk(): SmallDisk | undefined {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE}`, "tmpfs", directory], { stdio: "ignore" });
  } catch {
    rmSync(directory, { recursive: true });
    return undefined; // Only root may mount, and not in every container; the caller says that the cell is skipped.
  }
  return {
    directory,
    remove() {
      execFileSync("umount", ["--lazy", directory], { stdio: "ignore" });
      rmSync(directory, { recursive: true });
    },
  };
}
