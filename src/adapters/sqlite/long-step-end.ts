import { parseEvent } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";

/** From how many characters on the message of a step's end is parsed only when somebody asks for it. */
export const LONG_STEP_END = 4096;

/** As much of the entry's end as has to hold all that follows the message. */
const TAIL_LENGTH = 512;
const HEAD = /^\{"v":1,"attempt":\d+,"seq":\d+,"at":\d+,"run":\d+,"type":"step-end","step":\d+,"message":/;
/** No quote within a text is bare, and no brace is left open: nothing within a message can look like this to its end. */
const TAIL = /,"usage":\{[^{}]*\},"finishReason":"[a-z-]+"\}$/;

/**
 * A step's end says once more what its chunks have said, and most who read a log want only the chunks: the message of a
 * long one stays text until it is asked for. Undefined for every other entry, and for one that is not written like that.
 */
export function longStepEnd(json: string): LogEvent | undefined {
  if (json.length < LONG_STEP_END) return undefined;
  const head = HEAD.exec(json)?.[0];
  const tail = TAIL.exec(json.slice(-TAIL_LENGTH))?.[0];
  if (head === undefined || tail === undefined) return undefined;
  const event = parseEvent(JSON.parse(`${head}null${tail}`));
  const text = json.slice(head.length, -tail.length);
  let message: unknown;
  return (
    event &&
    Object.defineProperty(event, "message", { get: () => (message ??= JSON.parse(text)), enumerable: true })
  );
}
