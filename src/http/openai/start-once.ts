import { AgentError } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import type { RunPlace } from "../../protocol/index.ts";
import { recentRuns, startRun } from "../../runtime/index.ts";
import type { Agent, RunIntent, Runtime, StartedRun } from "../../runtime/index.ts";
import type { ClientTry } from "./client-tries.ts";
import { runIdFor, tryOfRun } from "./client-tries.ts";
import type { AcceptedRun, MeetingPlace, StartInPlace } from "./meeting-place.ts";
import { newConversations } from "./new-conversations.ts";
import { refusal } from "./openai-error.ts";
import { createTurns } from "./turns.ts";
import type { Turns } from "./turns.ts";

// A client whose connection breaks before it has an answer asks again, and says so only by the count of its tries. The first
// try may have started a run all the same; a second run would be one too many, and paid for.

/** How often a request that meets another like it, of another node, looks again. */
const MOST_LOOKS = 64;

/** No client tries again sooner, in milliseconds: a first try that is served at once has no other to look for. */
const SOONEST_RETRY_MS = 250;

/** Where a request's run is to be, and what it is. */
export interface RunTarget {
  readonly agent: Agent;
  /** Undefined: a new conversation. */
  readonly conversation: ConversationId | undefined;
  /** The run of that conversation that the request follows, if it says so: no other may follow it. */
  readonly follows: number | undefined;
  readonly tried: ClientTry | undefined;
  /** As the client gave it. */
  readonly idempotencyKey: string | undefined;
  /** Called once there is no other try's run: what that one has begun would change the answer. */
  readonly request: () => Promise<RequestedRun>;
}

/** What a run is asked to do. */
type RequestedRun = Pick<RunIntent, "message" | "preceding" | "options" | "metadata">;

/** Starts a run for a request, once for all the tries that a client makes of it. */
export async function startOnce(runtime: Runtime, target: RunTarget): Promise<StartedRun> {
  const { tried, follows, idempotencyKey } = target;
  if (follows === undefined && idempotencyKey !== undefined) return startKeyed(runtime, target);
  if (follows === undefined && !tried) return startRun(runtime, await intentOf(target));
  const place = placeFor(runtime, target);
  const name = tried?.mark ?? `${target.conversation}:${follows}`;
  return turnsOf(runtime)(name, () => startAt(place, tried, runtime.now));
}

/** The store knows a key when it comes again; a conversation that the first try has begun must not keep it from that. */
async function startKeyed(runtime: Runtime, target: RunTarget): Promise<StartedRun> {
  const { conversation, tried, idempotencyKey } = target;
  const earlier =
    tried && conversation !== undefined && (await earlierTry(() => runsOf(runtime, conversation), tried));
  if (earlier) return earlier;
  const intent = await intentOf(target);
  return startRun(runtime, { ...intent, ...(tried && { id: runIdFor(tried) }), idempotencyKey });
}

async function intentOf({ agent, conversation, request }: RunTarget): Promise<RunIntent> {
  return { agent, conversation, ...(await request()) };
}

/** Requests that ask the same of one node do not have to get out of each other's way. */
function turnsOf(runtime: Runtime): Turns {
  const turns = allTurns.get(runtime) ?? createTurns();
  allTurns.set(runtime, turns);
  return turns;
}

const allTurns = new WeakMap<Runtime, Turns>();

async function startAt(
  place: MeetingPlace,
  tried: ClientTry | undefined,
  now: () => number,
): Promise<StartedRun> {
  for (let look = 0; look < MOST_LOOKS; look++) {
    const start = await place.look();
    // Another try that came before this look is found now; one that comes after it meets this one at the start.
    const isLate = tried !== undefined && now() - tried.since >= SOONEST_RETRY_MS;
    const earlier = isLate ? await earlierTry(place.since, tried) : undefined;
    if (earlier) return earlier;
    const started = await start();
    if (!started.repeated || (tried && isAnswerTo(started.id, tried))) return started;
  }
  throw new AgentError("store_unavailable", "Too many requests ask the same at once; try again.");
}

/** The run that another try of the request has started; for a first try, one that began while it was on its way. */
async function earlierTry(
  runsSince: MeetingPlace["since"],
  tried: ClientTry,
): Promise<StartedRun | undefined> {
  for await (const { conversation, run, id, acceptedAt } of runsSince(tried.since)) {
    if (acceptedAt < tried.since) return undefined;
    if (isAnswerTo(id, tried)) return { conversation, run, id, repeated: true };
  }
  return undefined;
}

/**
 * Whether a run is the answer to a try: it was started by another try of the same request. To a first try, what another
 * first try has started is another request's, however alike.
 */
function isAnswerTo(runId: string, tried: ClientTry): boolean {
  const count = tryOfRun(runId, tried);
  return count !== undefined && (tried.count > 0 || count > 0);
}

function placeFor(runtime: Runtime, target: RunTarget): MeetingPlace {
  const { tried, conversation, follows } = target;
  if (conversation !== undefined && follows !== undefined) {
    return afterRun(runtime, target, { conversation, run: follows });
  }
  if (!tried) throw new TypeError("Only tries that can be told from other requests meet anywhere.");
  const start: StartInPlace = async (place) =>
    startRun(runtime, { ...(await intentOf(target)), id: runIdFor(tried), ...place });
  return conversation === undefined
    ? newConversations(runtime, { agent: target.agent, tried, start })
    : inConversation(runtime, conversation, tried, start);
}

/** The next turn of a conversation: tries of one request that see the same runs before them meet there. */
function inConversation(
  runtime: Runtime,
  conversation: ConversationId,
  { mark }: ClientTry,
  start: StartInPlace,
): MeetingPlace {
  return {
    since: () => runsOf(runtime, conversation),
    async look() {
      const { runs } = (await runtime.store.conversation(conversation)) ?? { runs: 0 };
      return () => start({ conversation, idempotencyKey: `openai:${mark}:${runs}` });
    },
  };
}

/** The one run that follows another: whoever else asks for it is refused. */
function afterRun(runtime: Runtime, target: RunTarget, { conversation: id, run }: RunPlace): MeetingPlace {
  const { tried } = target;
  return {
    since: () => runsOf(runtime, id),
    async look() {
      const conversation = await runtime.store.conversation(id);
      return async () => {
        if (conversation?.runs !== run) throw notTheNewest(id, conversation?.runs);
        return startRun(runtime, {
          ...(await intentOf(target)),
          ...(tried && { id: runIdFor(tried) }),
          idempotencyKey: `openai:after:${run}`,
        }).catch((error: unknown) => {
          const known = AgentError.from(error);
          throw known.code === "idempotency_key_reused" ? notTheNewest(id, run + 1) : known;
        });
      };
    },
  };
}

function notTheNewest(id: ConversationId, runs: number | undefined): AgentError {
  const newest = runs === undefined ? "" : ` The newest is resp_${id}~${runs}.`;
  return refusal(
    "previous_response_id",
    "previous_response_not_newest",
    `Only the newest response of a conversation can be gone on from: conversations do not branch.${newest}`,
  );
}

async function* runsOf(runtime: Runtime, id: ConversationId): AsyncGenerator<AcceptedRun> {
  const conversation = await runtime.store.conversation(id);
  if (!conversation) return;
  for (const run of await recentRuns(runtime, conversation)) yield { ...run, conversation: id };
}
