import { useEffect, useState } from "react";
import type { AgentMessage } from "holdfast/react";
import { plug } from "./server.ts";

/** A cut that the page makes by itself, once, for who wants to see what one does. */
export interface Demonstration {
  /** What is being shown, in a sentence; undefined when nothing is. */
  readonly caption: string | undefined;
  begin(): void;
  /** Leaves the plug to the person. */
  end(): void;
}

type Phase = "off" | "reading" | "cut" | "back";

/** How much text there is to read before the plug is pulled: enough to see that it comes in piece by piece. */
const PULL_AFTER_CHARACTERS = 420;
const CUT_MS = 4_000;

const CAPTIONS: Record<Phase, string | undefined> = {
  off: undefined,
  reading: "The answer comes in as it is stored. In a moment, the plug is pulled…",
  cut: "Pulled. The agent writes on, and what it writes is stored. Nothing reaches this page…",
  back: "Back. The page said which entry it had last, and got all that came after: nothing lost, nothing twice.",
};

export function useDemonstration(answer: AgentMessage | undefined): Demonstration {
  const [phase, setPhase] = useState<Phase>("off");
  const length = answer?.text.length ?? 0;
  const next = phaseAfter(phase, length);
  if (next !== phase) setPhase(next);

  useEffect(() => {
    if (phase !== "cut") return undefined;
    plug.pull();
    const timer = setTimeout(() => setPhase("back"), CUT_MS);
    return () => {
      clearTimeout(timer);
      plug.putBack();
    };
  }, [phase]);

  return { caption: CAPTIONS[phase], begin: () => setPhase("reading"), end: () => setPhase("off") };
}

function phaseAfter(phase: Phase, length: number): Phase {
  return phase === "reading" && length >= PULL_AFTER_CHARACTERS ? "cut" : phase;
}
