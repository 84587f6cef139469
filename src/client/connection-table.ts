import {
  abort,
  back,
  connect,
  end,
  fail,
  findNetwork,
  gone,
  hurry,
  lookAgain,
  loseNetwork,
  open,
  progress,
  reappear,
  renew,
  reread,
  retry,
  signOfLife,
  stay,
} from "./connection-rules.ts";
import type {
  ConnectionEvent,
  ConnectionEventType,
  ConnectionKind,
  ConnectionState,
  EventOf,
  Moment,
  StateOf,
} from "./connection-state.ts";

/** The state after one event. Never throws; what a state does not expect leaves it as it is. */
export function transition(state: ConnectionState, event: ConnectionEvent, moment: Moment): ConnectionState {
  // The table's type holds each rule to its state and event; a lookup by both cannot carry that.
  const rule = TRANSITIONS[state.kind][event.type] as (...given: readonly unknown[]) => ConnectionState;
  return rule(state, event, moment);
}

type Rule<Kind extends ConnectionKind, Type extends ConnectionEventType> = (
  state: StateOf<Kind>,
  event: EventOf<Type>,
  moment: Moment,
) => ConnectionState;
type Table = {
  readonly [Kind in ConnectionKind]: { readonly [Type in ConnectionEventType]: Rule<Kind, Type> };
};

/** An answer's head or body where none is read is of a connection that was given up. */
const UNHEARD = {
  opened: stay,
  data: stay,
  "sign-of-life": stay,
  "heartbeat-missed": stay,
  hole: stay,
  cut: stay,
  "end-marker": stay,
} as const;
const UNASKED = {
  "http-204": stay,
  "http-401": stay,
  "http-403": stay,
  "http-404": stay,
  "http-406": stay,
  "http-410": stay,
  "http-refused": stay,
  "http-429": stay,
  "http-5xx": stay,
} as const;
const FINAL = {
  ...UNHEARD,
  ...UNASKED,
  start: stay,
  online: stay,
  offline: stay,
  wake: stay,
  "retry-due": stay,
  abort: stay,
} as const;

/** Every state with every event. */
export const TRANSITIONS: Table = {
  idle: {
    ...UNHEARD,
    ...UNASKED,
    start: connect,
    online: back,
    offline: gone,
    wake: stay,
    "retry-due": stay,
    abort,
  },
  connecting: {
    start: stay,
    opened: open,
    data: stay,
    "sign-of-life": stay,
    "heartbeat-missed": retry,
    hole: stay,
    cut: retry,
    "end-marker": stay,
    "http-204": end,
    "http-401": renew,
    "http-403": fail,
    "http-404": fail,
    "http-406": fail,
    "http-410": fail,
    "http-refused": fail,
    "http-429": retry,
    "http-5xx": retry,
    online: back,
    offline: gone,
    wake: stay,
    "retry-due": stay,
    abort,
  },
  live: {
    ...UNASKED,
    start: stay,
    opened: stay,
    data: progress,
    "sign-of-life": signOfLife,
    "heartbeat-missed": retry,
    hole: reread,
    cut: retry,
    "end-marker": end,
    online: reappear,
    offline: gone,
    wake: lookAgain,
    "retry-due": stay,
    abort,
  },
  "waiting-to-retry": {
    ...UNHEARD,
    ...UNASKED,
    start: stay,
    online: hurry,
    offline: loseNetwork,
    wake: hurry,
    "retry-due": hurry,
    abort,
  },
  offline: {
    ...UNHEARD,
    ...UNASKED,
    start: stay,
    online: findNetwork,
    offline: stay,
    wake: hurry,
    "retry-due": hurry,
    abort,
  },
  ended: FINAL,
  failed: FINAL,
  aborted: FINAL,
};
