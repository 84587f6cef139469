import { AgentError } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";
import {
  AI_SDK_VERSIONS,
  awaitedApprovals,
  createAiSdkProjection,
  DEFAULT_AI_SDK_VERSION,
  foldRound,
  NO_CALLS,
  parks,
} from "../../projections/ai-sdk/index.ts";
import type { AiSdkState, AiSdkVersion } from "../../projections/ai-sdk/index.ts";
import type { RunProjection } from "../../projections/index.ts";
import { CONVERSATION_ID, UI_MESSAGE_STREAM, WORKFLOW_RUN_ID } from "../../protocol/index.ts";
import type { RunDescription } from "../../runtime/index.ts";
import { projectedStream } from "../projected-stream.ts";
import type { Call } from "../route.ts";
import { streamName } from "./stream-name.ts";

/** Which chunks of a run a client is sent. */
export interface ChatStream {
  readonly run: RunDescription;
  readonly version: AiSdkVersion;
  /** The first chunk that the answer to its POST has; 0 for all of the run's. */
  readonly from: number;
  /** Which chunk from there on is the first that it lacks, for a client that counts what it is sent. */
  readonly startIndex?: number | undefined;
  /** The client counts, so that it has to be shown what was withdrawn before it came, and the withdrawal. */
  readonly counts: boolean;
  /** The requests for leave that nobody needs to be asked again. */
  readonly answered: ReadonlySet<string>;
  readonly headers?: Readonly<Record<string, string>>;
}

const PROJECTIONS: Readonly<Record<AiSdkVersion, RunProjection<AiSdkState>>> = {
  5: createAiSdkProjection(5),
  6: createAiSdkProjection(6),
  7: createAiSdkProjection(7),
};

export function projectionOf(version: AiSdkVersion): RunProjection<AiSdkState> {
  return PROJECTIONS[version];
}

/** The version that the address names with `?aiSdk=`. Throws `invalid_request`. */
export function versionOf({ searchParams }: URL): AiSdkVersion {
  const text = searchParams.get("aiSdk");
  if (text === null) return DEFAULT_AI_SDK_VERSION;
  const version = AI_SDK_VERSIONS.find((each) => String(each) === text);
  if (version !== undefined) return version;
  throw new AgentError("invalid_request", `aiSdk is ${AI_SDK_VERSIONS.join(", ")}, not ${text}.`, {
    details: { field: "aiSdk" },
  });
}

/**
 * Streams a run to the end of the client's turn: the run's own end, or a wait for people that had not answered when the
 * stream was opened. Throws `invalid_cursor` and `stream_expired`.
 */
export function chatStream(call: Call, stream: ChatStream): Promise<Response> {
  const { run, version, from, startIndex = 0, counts, answered, headers } = stream;
  const name = streamName({ conversation: run.conversation, run: run.run, from });
  const first = from + startIndex;
  return projectedStream(call, {
    run,
    projection: projectionOf(version),
    ...(first > 0 && { seen: { index: first - 1, skipped: [] } }),
    withdrawn: counts,
    // Version 5 cannot answer: for it there are no turns.
    ...(version !== 5 && { until: waitsForAnswers(answered) }),
    resume: streamPathOf(name, version, counts ? startIndex : undefined),
    headers: {
      [CONVERSATION_ID]: run.conversation,
      [UI_MESSAGE_STREAM]: "v1",
      [WORKFLOW_RUN_ID]: name,
      ...headers,
    },
  });
}

/** Where a stream goes on: under its own name, in the same version, counted from the same chunk. */
function streamPathOf(name: string, version: AiSdkVersion, startIndex: number | undefined): string {
  const query = new URLSearchParams({
    aiSdk: String(version),
    ...(startIndex !== undefined && { startIndex: String(startIndex) }),
  });
  return `/api/chat/${encodeURIComponent(name)}/stream?${query.toString()}`;
}

/**
 * Given the entries of a run in order, whether the run is parked with one and has not gone on since: whoever is asked for
 * several answers brings it on with the first.
 */
function waitsForAnswers(answered: ReadonlySet<string>): (event: LogEvent) => boolean {
  let round = NO_CALLS;
  return (event) => {
    const before = round;
    round = foldRound(before, event);
    return parks(before, round) && !awaitedApprovals(round).some((approval) => answered.has(approval));
  };
}
