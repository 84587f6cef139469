import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClientError } from "../../src/client/client-error.ts";
import { CONNECTION_LIMITS, IDLE } from "../../src/client/connection-state.ts";
import type {
  ConnectionEvent,
  ConnectionEventType,
  ConnectionKind,
  ConnectionState,
  EventOf,
  Moment,
} from "../../src/client/connection-state.ts";
import { transition, TRANSITIONS } from "../../src/client/connection-table.ts";

const error = new ClientError("unreachable", "Cut.");
const limits = CONNECTION_LIMITS;
const NOW = 1_000_000;
const at = (now: number, chance = 0.5): Moment => ({ now, chance, limits });

const EVENTS: { readonly [Type in ConnectionEventType]: EventOf<Type> } = {
  start: { type: "start" },
  opened: { type: "opened" },
  data: { type: "data" },
  "sign-of-life": { type: "sign-of-life" },
  "end-marker": { type: "end-marker" },
  hole: { type: "hole" },
  "http-204": { type: "http-204" },
  online: { type: "online" },
  offline: { type: "offline" },
  wake: { type: "wake" },
  "retry-due": { type: "retry-due" },
  abort: { type: "abort" },
  cut: { type: "cut", error },
  "heartbeat-missed": { type: "heartbeat-missed", error },
  "http-401": { type: "http-401", error },
  "http-403": { type: "http-403", error },
  "http-404": { type: "http-404", error },
  "http-406": { type: "http-406", error },
  "http-410": { type: "http-410", error },
  "http-refused": { type: "http-refused", error },
  "http-429": { type: "http-429", error, retryAfterMs: 5_000 },
  "http-5xx": { type: "http-5xx", error, retryAfterMs: 0 },
};

const footing = { connection: 1, failures: 0, holes: 0, renewed: false, online: true };
const live: ConnectionState = { ...footing, kind: "live", openedAt: NOW, lastSignAt: NOW };
const connecting: ConnectionState = { ...footing, kind: "connecting" };
const STATES: { readonly [Kind in ConnectionKind]: ConnectionState } = {
  idle: IDLE,
  connecting,
  live,
  "waiting-to-retry": { ...footing, kind: "waiting-to-retry", dueAt: NOW, notBefore: NOW },
  offline: { ...footing, online: false, kind: "offline", dueAt: NOW, notBefore: NOW },
  ended: { kind: "ended" },
  failed: { kind: "failed", error },
  aborted: { kind: "aborted" },
};

/** The kind that follows; absent: the state stays as it is, the very same object or one of its kind. */
type Expected = Record<ConnectionKind, Partial<Record<ConnectionEventType, ConnectionKind>>>;
const EXPECTED: Expected = {
  idle: { start: "connecting", abort: "aborted" },
  connecting: {
    opened: "live",
    cut: "waiting-to-retry",
    "heartbeat-missed": "waiting-to-retry",
    "http-204": "ended",
    "http-401": "connecting",
    "http-403": "failed",
    "http-404": "failed",
    "http-406": "failed",
    "http-410": "failed",
    "http-refused": "failed",
    "http-429": "waiting-to-retry",
    "http-5xx": "waiting-to-retry",
    abort: "aborted",
  },
  live: {
    cut: "waiting-to-retry",
    "heartbeat-missed": "waiting-to-retry",
    hole: "waiting-to-retry",
    "end-marker": "ended",
    abort: "aborted",
  },
  "waiting-to-retry": {
    online: "connecting",
    wake: "connecting",
    "retry-due": "connecting",
    offline: "offline",
    abort: "aborted",
  },
  offline: { online: "connecting", wake: "connecting", "retry-due": "connecting", abort: "aborted" },
  ended: {},
  failed: {},
  aborted: {},
};

const KINDS = Object.keys(STATES) as readonly ConnectionKind[];
const TYPES = Object.keys(EVENTS) as readonly ConnectionEventType[];

describe("the table of transitions", () => {
  it("has a rule for every state with every event", () => {
    for (const kind of KINDS) {
      expect(Object.keys(TRANSITIONS[kind]).toSorted(), kind).toEqual(TYPES.toSorted());
    }
    expect(KINDS.length * TYPES.length).toBe(176);
  });

  describe.each(KINDS)("in %s", (kind) => {
    it.each(TYPES)("%s leads where the table of this test says", (type) => {
      const before = STATES[kind];
      const after = transition(before, EVENTS[type], at(NOW));
      expect(after.kind).toBe(EXPECTED[kind][type] ?? kind);
    });
  });
});

function after(state: ConnectionState, ...events: readonly ConnectionEvent[]): ConnectionState {
  return events.reduce((now, event) => transition(now, event, at(NOW)), state);
}

describe("what is remembered", () => {
  it("waits longer after each failure, at random, up to a limit", () => {
    const waits = Array.from({ length: 12 }, (_, failures) => {
      const next = transition({ ...connecting, failures }, EVENTS.cut, at(NOW, 1));
      return next.kind === "waiting-to-retry" ? next.dueAt - NOW : -1;
    });
    expect(waits.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
    expect(waits.at(-1)).toBe(limits.backOff.limitMs);
    expect(transition(connecting, EVENTS.cut, at(NOW, 0))).toMatchObject({ dueAt: NOW });
  });

  it("begins to wait anew after progress, and after a connection that lasted, not after a mere answer", () => {
    const tired: ConnectionState = { ...live, failures: 7 };
    expect(after(tired, EVENTS.data)).toMatchObject({ failures: 0 });
    expect(after(tired, EVENTS["sign-of-life"])).toMatchObject({ failures: 7 });
    const lasted = transition(tired, EVENTS["sign-of-life"], at(NOW + limits.steadyMs));
    expect(lasted).toMatchObject({ failures: 0 });
    expect(after({ ...connecting, failures: 7 }, EVENTS.opened)).toMatchObject({
      failures: 7,
    });
  });

  it("gives up after so many failures, with what went wrong last", () => {
    const last: ConnectionState = { ...connecting, failures: limits.maxFailures };
    expect(after(last, EVENTS.cut)).toEqual({ kind: "failed", error });
  });

  it("tries a 401 once more with fresh headers, and again only after progress", () => {
    const renewed = after(connecting, EVENTS["http-401"]);
    expect(renewed).toMatchObject({ kind: "connecting", connection: 2, renewed: true });
    expect(after(renewed, EVENTS["http-401"]).kind).toBe("failed");
    expect(after(renewed, EVENTS.opened, EVENTS.data, EVENTS.cut, EVENTS["retry-due"])).toMatchObject({
      kind: "connecting",
      renewed: false,
    });
  });

  it("does not let anybody hurry it before the server's own Retry-After", () => {
    const told = after(connecting, EVENTS["http-429"]);
    for (const event of [EVENTS.wake, EVENTS.online])
      expect(after(told, event).kind).toBe("waiting-to-retry");
    expect(transition(told, EVENTS.wake, at(NOW + 5_000)).kind).toBe("connecting");
    expect(after(told, EVENTS.offline, EVENTS.online)).toMatchObject({
      kind: "waiting-to-retry",
      dueAt: NOW + 5_000,
    });
  });

  it("counts no failure while there is no network, and waits for it", () => {
    const cut = after(live, EVENTS.offline, EVENTS.cut);
    expect(cut).toMatchObject({ kind: "offline", failures: 0 });
    expect(after(cut, EVENTS.online)).toMatchObject({ kind: "connecting", online: true });
  });

  it("does not trust a connection whose network was gone, nor one that was silent while nobody looked", () => {
    expect(after(live, EVENTS.offline, EVENTS.online)).toMatchObject({ kind: "connecting", connection: 2 });
    expect(after(live, EVENTS.online)).toBe(live);
    expect(after(live, EVENTS.wake)).toBe(live);
    expect(transition(live, EVENTS.wake, at(NOW + limits.wakeSilenceMs + 1)).kind).toBe("connecting");
  });

  it("takes one hole for an accident and several in a row for a hole of the log", () => {
    let state: ConnectionState = live;
    for (let hole = 0; hole < limits.maxHoles; hole++) {
      state = after(state, EVENTS.hole);
      expect(state.kind).toBe("waiting-to-retry");
      state = after(state, EVENTS["retry-due"], EVENTS.opened);
    }
    expect(after(state, EVENTS.data, EVENTS.hole).kind).toBe("waiting-to-retry");
    expect(after(state, EVENTS.hole)).toMatchObject({ kind: "failed", error: { code: "log_gap" } });
  });
});

it("keeps its invariants whatever happens, in whatever order", () => {
  const step = fc.record({
    type: fc.constantFrom(...TYPES),
    passMs: fc.nat(60_000),
    chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let state = IDLE;
      let now = NOW;
      for (const { type, passMs, chance } of steps) {
        now += passMs;
        const before = state;
        state = transition(before, EVENTS[type], { now, chance, limits });
        if (["ended", "failed", "aborted"].includes(before.kind)) expect(state).toBe(before);
        if (type === "abort" && before.kind in { idle: 0, connecting: 0, live: 0 })
          expect(state.kind).toBe("aborted");
        if (!("connection" in state) || !("connection" in before)) continue;
        expect(state.connection - before.connection).toBeOneOf([0, 1]);
        expect(state.failures).toBeLessThanOrEqual(limits.maxFailures);
        if ("dueAt" in state && state !== before) {
          expect(state.dueAt).toBeGreaterThanOrEqual(state.notBefore);
          expect(state.dueAt - now).toBeLessThanOrEqual(5_000 + limits.backOff.limitMs);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
