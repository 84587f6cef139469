import { AgentError } from "../../core/index.ts";
import { parseRunName, runName } from "../../protocol/index.ts";
import type { RunPlace } from "../../protocol/index.ts";

/** The chunks that one answer to a POST began with: all of a run's, or those after a wait for people. */
export interface StreamPlace extends RunPlace {
  /** The run's chunk, from 0, that the client counts as its first. */
  readonly from: number;
}

/**
 * The name of a run, or `<run>.<chunk>` for what follows a wait in it: a client that counts the chunks of the answer to
 * its own request begins at zero there too.
 */
export function streamName({ from, ...run }: StreamPlace): string {
  return from === 0 ? runName(run) : `${runName(run)}.${from}`;
}

/** Whether a text has the form of a stream's name: no chat id holds a tilde. */
export function isStreamName(text: string): boolean {
  return text.includes("~");
}

/** Throws `invalid_id`. */
export function parseStreamName(text: string): StreamPlace {
  const [, run = "", from = "0"] = STREAM_NAME.exec(text) ?? [];
  if (run === "") {
    throw new AgentError(
      "invalid_id",
      `There is no stream ${text}: x-workflow-run-id names those there are.`,
    );
  }
  return { ...parseRunName(run), from: Number(from) };
}

const STREAM_NAME = /^([^~]+~[^.~]+)(?:\.([1-9]\d{0,11}))?$/;
