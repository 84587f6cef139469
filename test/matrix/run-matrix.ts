import { beforeAll, describe, onTestFailed, test } from "vitest";
import { requireLaws } from "../support/cluster-client.ts";
import type { ClusterStore } from "../support/cluster.ts";
import { breachesOfPhase } from "./cell-checks.ts";
import { CELLS } from "./cells.ts";
import { FAULTS, MATRIX_GAPS } from "./faults.ts";
import type { Fault } from "./faults.ts";
import { playScene } from "./scene.ts";
import type { PlayedScene } from "./scene.ts";
import { mountSmallDisk } from "./small-disk.ts";
import type { SmallDisk } from "./small-disk.ts";

const SCENE_LIMIT_MS = 90_000;

/** Makes a test of every cell of a store. One scene serves the cells of a fault: their conversations are struck together. */
export function runMatrix(store: ClusterStore): void {
  for (const fault of FAULTS) {
    const reason = fault.stores[store];
    if (reason === true) runFault(fault, store);
    else console.log(`no cell: ${fault.name} × ${store}: ${reason}`);
  }
  for (const { fault, reason } of MATRIX_GAPS) console.log(`gap: ${fault}: ${reason}`);
}

function runFault(fault: Fault, store: ClusterStore): void {
  const disk = fault.name === "disk full" ? mountSmallDisk() : undefined;
  const skipped = fault.name === "disk full" && !disk;
  if (skipped) console.log(`skipped: ${fault.name} × ${store}: this user may not mount a file system`);
  describe.skipIf(skipped)(`${fault.name} × ${store}`, () => {
    let played: { readonly scene: PlayedScene } | { readonly error: unknown } | undefined;

    beforeAll(async () => {
      played = await play(fault, store, disk);
    }, SCENE_LIMIT_MS);

    for (const cell of CELLS.filter((each) => each.fault === fault && each.store === store)) {
      test(cell.name, () => {
        if (!played || "error" in played)
          throw new Error("There is no scene to look at.", { cause: played?.error });
        const { outcomes, output } = played.scene;
        onTestFailed(() => console.error(output));
        const outcome = outcomes[cell.phase.name];
        if ("error" in outcome) throw outcome.error;
        const { evidence } = outcome;
        requireLaws(evidence, breachesOfPhase(cell.phase, fault.interrupts[store], evidence));
      });
    }
  });
}

async function play(
  fault: Fault,
  store: ClusterStore,
  disk: SmallDisk | undefined,
): Promise<{ readonly scene: PlayedScene } | { readonly error: unknown }> {
  const began = Date.now();
  try {
    const scene = await playScene(fault, store, disk?.directory);
    console.log(
      `${fault.name} × ${store}: ${Date.now() - began} ms, of it ${scene.recoveryMs} ms after the fault`,
    );
    return { scene };
  } catch (error) {
    return { error };
  } finally {
    disk?.remove();
  }
}
