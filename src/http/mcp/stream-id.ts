import * as z from "zod";
import { AgentError } from "../../core/index.ts";
import type { ToolRequest } from "../../projections/mcp/index.ts";
import { parseRunName, runName } from "../../protocol/index.ts";
import type { RunPlace } from "../../protocol/index.ts";

/** All that it takes to go on with the answer to a call, on any node: it is in every id of the answer's events. */
export interface AnswerPlace {
  readonly run: RunPlace;
  readonly request: ToolRequest;
}

const PLACE = z.tuple([
  z.string(),
  z.union([z.string(), z.number()]),
  z.optional(z.nullable(z.union([z.string(), z.number()]))),
]);

/** What the ids of an answer's events begin with. */
export function idPrefixOf({ run, request }: AnswerPlace): string {
  const json = JSON.stringify([runName(run), request.id, request.progressToken ?? null]);
  return `${btoa(encodeURIComponent(json)).replaceAll("=", "")}:`;
}

/** Reads where an answer is to go on out of the id of its newest event. Throws `invalid_cursor`. */
export function answerPlaceIn(eventId: string): AnswerPlace {
  try {
    const json = decodeURIComponent(atob(eventId.slice(0, Math.max(0, eventId.indexOf(":")))));
    const [run, id, token] = PLACE.parse(JSON.parse(json));
    return { run: parseRunName(run), request: { id, progressToken: token ?? undefined } };
  } catch (cause) {
    throw new AgentError("invalid_cursor", "The Last-Event-ID is not one of an answer of this server.", {
      cause,
      details: { field: "last-event-id" },
    });
  }
}
