import { backOffMs } from "./back-off.ts";
import { ClientError } from "./client-error.ts";
import type { ConnectionState, Footing, Moment, StateOf, Waiting } from "./connection-state.ts";

// What may happen in a state, each by its name: the rules that the table of transitions is made of.

type Open = Exclude<ConnectionState, { kind: "ended" | "failed" | "aborted" }>;

export const stay = (state: ConnectionState): ConnectionState => state;
export const end = (): ConnectionState => ({ kind: "ended" });
export const abort = (): ConnectionState => ({ kind: "aborted" });
export const fail = (_state: Open, { error }: { readonly error: ClientError }): ConnectionState => ({
  kind: "failed",
  error,
});
export const gone = (state: Open): ConnectionState => ({ ...state, online: false });
export const back = (state: Open): ConnectionState => ({ ...state, online: true });

export function connect(state: Open): ConnectionState {
  const { failures, holes, renewed, online, connection } = state;
  return { kind: "connecting", failures, holes, renewed, online, connection: connection + 1 };
}

/** Somebody urges, or the time has come: at once, unless the server asked not to. */
export function hurry(state: Open & Waiting, _event: unknown, { now }: Moment): ConnectionState {
  if (now >= state.notBefore) return connect(state);
  return { ...state, kind: "waiting-to-retry", dueAt: state.notBefore };
}

interface Trouble {
  readonly error: ClientError;
  readonly retryAfterMs?: number;
}

export function retry(state: Open, { error, retryAfterMs = 0 }: Trouble, moment: Moment): ConnectionState {
  const { now, chance, limits } = moment;
  const { connection, holes, renewed, online } = state;
  const notBefore = now + retryAfterMs;
  // Without a network nothing that fails says anything of the server.
  const failures = state.failures + (online ? 1 : 0);
  const footing: Footing = { connection, failures, holes, renewed, online };
  if (failures > limits.maxFailures) return { kind: "failed", error };
  if (!online) return { ...footing, kind: "offline", notBefore, dueAt: now + limits.offlineRetryMs };
  const dueAt = notBefore + backOffMs(limits.backOff, failures, chance);
  return { ...footing, kind: "waiting-to-retry", notBefore, dueAt };
}

/** Cookies and tokens run out while a stream is followed: one try with fresh headers before it is a refusal. */
export function renew(state: Open, event: Trouble): ConnectionState {
  return state.renewed ? fail(state, event) : connect({ ...state, renewed: true });
}

export function open(state: Open, _event: unknown, { now }: Moment): ConnectionState {
  const { connection, failures, holes, renewed, online } = state;
  return { kind: "live", connection, failures, holes, renewed, online, openedAt: now, lastSignAt: now };
}

/** Progress: whatever went wrong before is over. */
export function progress(state: StateOf<"live">, _event: unknown, { now }: Moment): ConnectionState {
  return { ...state, failures: 0, holes: 0, renewed: false, lastSignAt: now };
}

/** A run may be silent for days while it waits for a person: a connection that lasts counts as progress too. */
export function signOfLife(state: StateOf<"live">, event: unknown, moment: Moment): ConnectionState {
  const { now, limits } = moment;
  if (now - state.openedAt < limits.steadyMs) return { ...state, lastSignAt: now };
  return { ...progress(state, event, moment), holes: state.holes } as StateOf<"live">;
}

/** Entries are missing: from the last that fitted again, on another connection. */
export function reread(state: StateOf<"live">, _event: unknown, moment: Moment): ConnectionState {
  const error = new ClientError("log_gap", "Entries of the stream are missing.");
  const holes = state.holes + 1;
  if (holes > moment.limits.maxHoles) return { kind: "failed", error };
  return retry({ ...state, holes }, { error }, moment);
}

/** A connection of a network that was gone is not to be trusted, though it does not say so. */
export function reappear(state: StateOf<"live">): ConnectionState {
  return state.online ? state : connect({ ...state, online: true });
}

/** After sleep a connection may be dead without having said so. */
export function lookAgain(state: StateOf<"live">, _event: unknown, { now, limits }: Moment): ConnectionState {
  return now - state.lastSignAt > limits.wakeSilenceMs ? connect(state) : state;
}

export function loseNetwork(
  state: StateOf<"waiting-to-retry">,
  _event: unknown,
  moment: Moment,
): ConnectionState {
  return { ...state, kind: "offline", online: false, dueAt: moment.now + moment.limits.offlineRetryMs };
}

export function findNetwork(state: StateOf<"offline">, event: unknown, moment: Moment): ConnectionState {
  return hurry({ ...state, online: true }, event, moment);
}
