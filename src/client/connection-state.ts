import type { BackOff } from "./back-off.ts";
import type { ClientError } from "./client-error.ts";

/**
 * The state of following a stream over connections that break. Pure: what happened and the moment come in, the next
 * state comes out (connection-table.ts); whoever holds it opens, reads, waits and closes as the state says.
 */
export type ConnectionState =
  | (Footing & { readonly kind: "idle" })
  | (Footing & { readonly kind: "connecting" })
  | (Footing & { readonly kind: "live"; readonly openedAt: number; readonly lastSignAt: number })
  | (Footing & Waiting & { readonly kind: "waiting-to-retry" })
  | (Footing & Waiting & { readonly kind: "offline" })
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly error: ClientError }
  | { readonly kind: "aborted" };

/** What is known in every state that is not final. */
export interface Footing {
  /** Which connection this is, from 1: another number is another connection. */
  readonly connection: number;
  /** Connections in a row that came to nothing. */
  readonly failures: number;
  /** Holes in a row, without an entry in between that fitted. */
  readonly holes: number;
  /** Whether a 401 was already answered with fresh headers. */
  readonly renewed: boolean;
  /** What the platform last said of the network. */
  readonly online: boolean;
}

export interface Waiting {
  /** When to try again by itself. */
  readonly dueAt: number;
  /** Before it the server does not want to be asked, whoever urges. */
  readonly notBefore: number;
}

export type ConnectionEvent =
  | { readonly type: "start" | "opened" | "data" | "sign-of-life" | "end-marker" | "hole" }
  | { readonly type: "http-204" | "online" | "offline" | "wake" | "retry-due" | "abort" }
  | { readonly type: "cut" | "heartbeat-missed"; readonly error: ClientError }
  | {
      readonly type: "http-401" | "http-403" | "http-404" | "http-406" | "http-410" | "http-refused";
      readonly error: ClientError;
    }
  | { readonly type: "http-429" | "http-5xx"; readonly error: ClientError; readonly retryAfterMs: number };

export type ConnectionKind = ConnectionState["kind"];
export type ConnectionEventType = ConnectionEvent["type"];

/** Time, chance and limits, as the pure machine needs them. */
export interface Moment {
  readonly now: number;
  /** In [0, 1). */
  readonly chance: number;
  readonly limits: ConnectionLimits;
}

export interface ConnectionLimits {
  readonly backOff: BackOff;
  /** How many connections in a row may come to nothing before it is given up. */
  readonly maxFailures: number;
  /** How many holes in a row mean that the log itself has one. */
  readonly maxHoles: number;
  /** A connection that lasts so long was a good one, though no entry came. */
  readonly steadyMs: number;
  /** After so long without a sign of life a page that is looked at again does not wait for the next. */
  readonly wakeSilenceMs: number;
  /** How often to try although the platform says that there is no network: it may be wrong. */
  readonly offlineRetryMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  backOff: { firstMs: 500, limitMs: 30_000 },
  maxFailures: 60,
  maxHoles: 3,
  steadyMs: 10_000,
  wakeSilenceMs: 16_000,
  offlineRetryMs: 30_000,
};

export const IDLE: ConnectionState = {
  kind: "idle",
  connection: 0,
  failures: 0,
  holes: 0,
  renewed: false,
  online: true,
};

export type StateOf<Kind extends ConnectionKind> = Extract<ConnectionState, { kind: Kind }>;
export type EventOf<Type extends ConnectionEventType> = ConnectionEvent & { readonly type: Type };
