import { seededRandom } from "../support/seeded-random.ts";
import type { ModelRequest, PlannedCall, ToolName, UpstreamTurn } from "../support/upstream-wire.ts";

const TOOLS: readonly ToolName[] = ["look_up", "look_up", "charge", "transfer"];
const MOST_TURNS = 4;
const MOST_CHUNKS = 8;

/** What a run does: the same for every try of it, another thing for every run. */
export function chaosTurns(seed: number): (request: ModelRequest) => readonly UpstreamTurn[] {
  return ({ conversation, run }) => {
    const random = seededRandom(`${seed} ${conversation} ${run}`);
    return Array.from(
      { length: random.between(1, MOST_TURNS) },
      (_, turn, last = random.chance(0.2)): UpstreamTurn => {
        const chunks = random.between(0, MOST_CHUNKS);
        return last ? { chunks } : { chunks, calls: callsOf(random.between(1, 3), turn, random.pick) };
      },
    );
  };
}

function callsOf(
  count: number,
  turn: number,
  pick: (tools: readonly ToolName[]) => ToolName,
): readonly PlannedCall[] {
  return Array.from({ length: count }, (_, index) => ({ callId: `${turn}-${index}`, tool: pick(TOOLS) }));
}
