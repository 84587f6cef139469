import type { ClusterStore } from "../support/cluster.ts";
import { FAULTS, MATRIX_GAPS } from "./faults.ts";
import type { Fault } from "./faults.ts";
import { PHASES } from "./phases.ts";
import type { Phase } from "./phases.ts";

/** One test of the matrix: what strikes, when, and on which store. */
export interface Cell {
  readonly name: string;
  readonly fault: Fault;
  readonly phase: Phase;
  readonly store: ClusterStore;
}

export const STORES: readonly ClusterStore[] = ["embedded", "redis"];

/** Every cell there is; the phases of one fault on one store stand together. */
export const CELLS: readonly Cell[] = STORES.flatMap((store) =>
  FAULTS.filter((fault) => fault.stores[store] === true).flatMap((fault) =>
    PHASES.map((phase) => ({ name: `${fault.name} × ${phase.name} × ${store}`, fault, phase, store })),
  ),
);

/** The matrix as SPEC.md shows it, in Markdown. */
export function matrixTable(): string {
  const notes: string[] = [];
  const rows = FAULTS.map((fault) => {
    const columns = STORES.map((store) => {
      const reason = fault.stores[store];
      if (reason === true) return PHASES.map((phase) => phase.name).join(", ");
      return `none [${notes.push(reason)}]`;
    });
    return row([fault.name, fault.says, ...columns]);
  });
  return [
    row(["fault", "what happens", ...STORES]),
    row(["---", "---", ...STORES.map(() => "---")]),
    ...rows,
    "",
    ...notes.map((note, index) => `[${index + 1}] No cell: ${note}.`),
    "",
    "Phases:",
    ...PHASES.map((phase) => `- **${phase.name}**: ${phase.says}.`),
    "",
    "Gaps:",
    ...MATRIX_GAPS.map((gap) => `- **${gap.fault}**: ${gap.reason}.`),
    "",
  ].join("\n");
}

function row(columns: readonly string[]): string {
  return `| ${columns.join(" | ")} |`;
}
