import { AgentError } from "../../core/index.ts";

/** Beginnings of Redis's error replies that speak of its present condition, not of the command. */
const CONDITIONS: Readonly<Record<string, string>> = {
  READONLY: "is a replica that cannot be written",
  OOM: "is out of memory",
  MISCONF: "cannot save to its disk",
  LOADING: "is still loading its data",
  BUSY: "is busy with a script",
  NOREPLICAS: "has too few replicas",
  MASTERDOWN: "has lost its primary",
  CLUSTERDOWN: "is a cluster that is down",
  TRYAGAIN: "is moving the key to another node",
  MOVED: "moves keys faster than they can be followed",
  ASK: "moves keys faster than they can be followed",
  NOAUTH: "asks for a password",
  WRONGPASS: "refuses the credentials",
  NOPERM: "does not permit the command to this user",
};

/**
 * The way in for everything that ioredis throws: a lost, slow or unfit server becomes `store_unavailable`, data of
 * somebody else under one of our keys `internal_error`. Errors of ours, and mistakes of the caller, stay as they are.
 */
export function redisError(error: unknown, address: string): AgentError | TypeError {
  if (AgentError.isInstance(error) || error instanceof TypeError) return error;
  const cause = withoutCommand(error);
  const [prefix = ""] = cause.message.split(" ", 1);
  if (prefix === "WRONGTYPE") {
    return new AgentError(
      "internal_error",
      "Redis holds something under a key of Holdfast that Holdfast did not write; use a keyPrefix of its own.",
      { cause },
    );
  }
  const condition = CONDITIONS[prefix];
  if (condition !== undefined) return unavailable(`Redis at ${address} ${condition}.`, cause);
  if (cause.name === "ReplyError") return AgentError.from(cause);
  return unavailable(`Redis at ${address} cannot be reached.`, cause);
}

export function unavailable(message: string, cause: unknown): AgentError {
  return new AgentError("store_unavailable", message, { cause });
}

/** A key that Holdfast is about to begin is there already, written by somebody else. */
export function foreignStream(key: string): AgentError {
  return new AgentError(
    "internal_error",
    `Redis holds a stream ${key} that Holdfast did not write; delete it, or use another conversation id or keyPrefix.`,
    { details: { key } },
  );
}

/** Whether a server will never let us in with what we have. */
export function refusesCredentials(error: unknown): boolean {
  return error instanceof Error && /^(NOAUTH|WRONGPASS|NOPERM|ERR AUTH)\b/.test(error.message);
}

/** Whether a server that should be a node of a Cluster is none. */
export function noCluster(error: unknown): boolean {
  return error instanceof Error && error.message.includes("cluster support disabled");
}

/** What went wrong in a few words, on one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "no answer";
  const [line = ""] = error.message.split("\n", 1);
  // A host with several addresses fails with an AggregateError, which has a code and no message.
  return line === "" && "code" in error ? String(error.code) : line;
}

/** ioredis attaches the command with its arguments to its errors: passwords, and what people wrote. */
function withoutCommand(error: unknown): Error {
  const copy = new Error(error instanceof Error ? reasonOf(error) : String(error));
  if (error instanceof Error) {
    copy.name = error.name;
    if (error.stack !== undefined) copy.stack = error.stack;
  }
  return copy;
}
