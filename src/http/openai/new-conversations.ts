import type { ConversationId } from "../../core/index.ts";
import { describeRun } from "../../runtime/index.ts";
import type { Agent, Runtime } from "../../runtime/index.ts";
import { digest } from "../digest.ts";
import type { ClientTry } from "./client-tries.ts";
import type { AcceptedRun, MeetingPlace, StartInPlace } from "./meeting-place.ts";

/** Conversations that equal requests begin are numbered anew after so many milliseconds. */
const PERIOD_MS = 10 * 60_000;
/** How many of them are looked at. */
const MOST_LOOKED_AT = 32;
/** How many requests' numbers a process remembers; of others it finds them out again. */
const MOST_REMEMBERED = 1000;

interface NewConversation {
  readonly agent: Agent;
  readonly tried: ClientTry;
  readonly start: StartInPlace;
}

/**
 * Where requests that begin a conversation meet. The ids of the conversations that equal requests begin in a period are
 * numbered: they can be told from the request alone, by any node, and the first free number is found in a few looks.
 */
export function newConversations(runtime: Runtime, { agent, tried, start }: NewConversation): MeetingPlace {
  const { store, now } = runtime;
  const numbers = numbersOf(runtime);

  async function idOf(period: number, number: number): Promise<ConversationId> {
    const seed = JSON.stringify(["openai", agent.name, tried.mark, period, number]);
    return (await digest(seed)).slice(0, 32) as ConversationId;
  }

  /** The first number that is free in a period. */
  async function nextOf(period: number): Promise<number> {
    const known = numbers.get(`${tried.mark}:${period}`) ?? 0;
    return firstFree(known, async (number) => {
      return (await store.conversation(await idOf(period, number))) !== undefined;
    });
  }

  return {
    async *since(moment) {
      let looks = 0;
      // The clock of another node may be in the next period already.
      for (let period = periodOf(now()) + 1; period >= periodOf(moment); period--) {
        for (let number = (await nextOf(period)) - 1; number >= 0; number--) {
          if (looks++ === MOST_LOOKED_AT) return;
          const accepted = await firstRunOf(runtime, await idOf(period, number));
          if (accepted) yield accepted;
        }
      }
    },
    async look() {
      const period = periodOf(now());
      const number = await nextOf(period);
      const conversation = await idOf(period, number);
      return async () => {
        const started = await start({ conversation, idempotencyKey: "openai:first" });
        remember(numbers, `${tried.mark}:${period}`, number + 1);
        return started;
      };
    },
  };
}

function periodOf(moment: number): number {
  return Math.floor(moment / PERIOD_MS);
}

/** Numbers are taken in order: a search in steps that double, then halve. */
async function firstFree(known: number, isTaken: (number: number) => Promise<boolean>): Promise<number> {
  if (!(await isTaken(known))) return known;
  let taken = known;
  let step = 1;
  while (await isTaken(known + step)) {
    taken = known + step;
    step *= 2;
  }
  let free = known + step;
  while (free - taken > 1) {
    const middle = (taken + free) >>> 1;
    if (await isTaken(middle)) taken = middle;
    else free = middle;
  }
  return free;
}

/** Undefined when the conversation was deleted meanwhile. */
async function firstRunOf(runtime: Runtime, conversation: ConversationId): Promise<AcceptedRun | undefined> {
  if (!(await runtime.store.conversation(conversation))) return undefined;
  const { id, acceptedAt } = await describeRun(runtime, conversation, 1);
  return { conversation, run: 1, id, acceptedAt };
}

function numbersOf(runtime: Runtime): Map<string, number> {
  const numbers = allNumbers.get(runtime) ?? new Map<string, number>();
  allNumbers.set(runtime, numbers);
  return numbers;
}

/** The next number of a request in a period, as far as this process has given numbers. */
const allNumbers = new WeakMap<Runtime, Map<string, number>>();

function remember(numbers: Map<string, number>, name: string, next: number): void {
  numbers.delete(name);
  numbers.set(name, next);
  const [oldest] = numbers.keys();
  if (numbers.size > MOST_REMEMBERED && oldest !== undefined) numbers.delete(oldest);
}
