import { defineAgent } from "../../src/define-agent.ts";
import type { AgentDefinition } from "../../src/define-agent.ts";
import type { AgentUpdate, ModelStep } from "../../src/ports/index.ts";

/** What a model does next: says something, or throws. */
export type Move = string | AgentUpdate | Error;

type AgentOptions = Partial<Omit<AgentDefinition, "model" | "instructions">>;

/** An agent whose model makes one prepared turn a call, the last one again and again. */
export interface TurnsAgent {
  readonly definition: AgentDefinition;
  /** What the model was asked, call by call. */
  readonly steps: readonly ModelStep[];
}

export function turnsAgent(turns: readonly (readonly Move[])[], options: AgentOptions = {}): TurnsAgent {
  const steps: ModelStep[] = [];
  return {
    steps,
    definition: defineAgent({
      name: "Script",
      ...options,
      instructions: "Say what you were told to say.",
      async *model(step) {
        const turn = turns[Math.min(steps.length, turns.length - 1)] ?? [];
        steps.push(step);
        for (const move of turn) {
          if (move instanceof Error) throw move;
          yield move;
        }
      },
    }),
  };
}

/** An agent that answers each message with the same chunks. */
export function scriptAgent(chunks: readonly Move[], options?: AgentOptions): AgentDefinition {
  return turnsAgent([chunks], options).definition;
}

/** An agent whose model says what the test tells it to, when the test tells it to. */
export interface Puppet {
  readonly definition: AgentDefinition;
  readonly steps: readonly ModelStep[];
  /** How many model calls are under way now. */
  readonly busy: number;
  /** The most that ever were under way together. */
  readonly mostBusy: number;
  /** Said by the model call under way, or by the next. */
  say(...moves: Move[]): void;
  /** Ends the model call under way, or the next, after what was said. */
  end(): void;
}

export function createPuppet(options: AgentOptions = {}): Puppet {
  const moves: (Move | typeof END)[] = [];
  const steps: ModelStep[] = [];
  let wake = Promise.withResolvers<void>();
  let busy = 0;
  let mostBusy = 0;

  function stir(): void {
    wake.resolve();
    wake = Promise.withResolvers();
  }

  function push(...added: (Move | typeof END)[]): void {
    moves.push(...added);
    stir();
  }

  async function* perform(signal: AbortSignal): AsyncGenerator<string | AgentUpdate> {
    busy += 1;
    mostBusy = Math.max(mostBusy, busy);
    signal.addEventListener("abort", stir, { once: true });
    try {
      for (;;) {
        // A call that was given up must not take what the next one is to say.
        signal.throwIfAborted();
        const move = moves.shift();
        if (move === END) return;
        if (move instanceof Error) throw move;
        if (move === undefined) await wake.promise;
        else yield move;
      }
    } finally {
      busy -= 1;
    }
  }

  return {
    steps,
    get busy() {
      return busy;
    },
    get mostBusy() {
      return mostBusy;
    },
    say: push,
    end: () => push(END),
    definition: defineAgent({
      name: "Puppet",
      ...options,
      instructions: "Say what the hand says.",
      model(step, { signal }) {
        steps.push(step);
        return perform(signal);
      },
    }),
  };
}

const END = Symbol("end");
