import type { RedisAddress } from "./redis-connection.ts";
import { addressFromText } from "./redis-node.ts";
import type { RedisRoutes } from "./redis-node.ts";
import { createRespConnection } from "./resp-connection.ts";
import type { Command, Request, RespConnection } from "./resp-connection.ts";
import { CONNECTION_CLOSED } from "./resp-socket.ts";

/** How often a command is sent on to another node before it is given up. */
export const MAX_REDIRECTIONS = 5;

/**
 * Connections of one purpose to all servers that are needed, one a server. A command goes to where its key is, and
 * after it when the key has moved: a node that sends one on has not carried it out, so nothing happens twice.
 */
export interface RoutedConnections {
  send<Result>(key: string, command: Command<Result>): Promise<Result>;
  /** Sends a command to where its key should be, and not after it: of a key that has moved, `refuse` is told. */
  submit(key: string, request: Request): void;
  /**
   * Sends commands about one key, which take effect in their order. They go out together; when one of them is sent on
   * to another node, which undoes their order, all are sent again, each after the one before.
   */
  sendInOrder<Results extends readonly unknown[]>(key: string, commands: Commands<Results>): Promise<Results>;
  /** Lets all connections go; the next commands make others. What waits is rejected. */
  drop(): void;
}

/** Commands that only read. */
export type Commands<Results extends readonly unknown[]> = {
  readonly [Index in keyof Results]: Command<Results[Index]>;
};

export interface RoutedConnectionsOptions {
  readonly routes: RedisRoutes;
  readonly name: string;
  readonly timeoutMs: number;
  /** Called when a server says that it is only a replica now. */
  readonly onDemoted: () => void;
}

export function createRoutedConnections(options: RoutedConnectionsOptions): RoutedConnections {
  const { routes, name, timeoutMs, onDemoted } = options;
  const connections = new Map<string, RespConnection>();

  /** The address that was asked for last: mostly there is only one. */
  let latest: { readonly address: RedisAddress; readonly connection: RespConnection } | undefined;

  function connectionTo(address: RedisAddress): RespConnection {
    const { host, port } = address;
    if (latest?.address.host === host && latest.address.port === port) return latest.connection;
    const key = `${host}:${port}`;
    const connection = connections.get(key) ?? open(key, address);
    latest = { address, connection };
    return connection;
  }

  function open(key: string, address: RedisAddress): RespConnection {
    const connection = createRespConnection({
      node: routes.node(address),
      name,
      timeoutMs,
      onLoss() {
        // Another may be made at once, to where things are by then.
        if (connections.get(key) === connection) connections.delete(key);
        latest = undefined;
        routes.refresh();
      },
    });
    connections.set(key, connection);
    return connection;
  }

  function send<Result>(key: string, command: Command<Result>): Promise<Result> {
    const address = routes.addressOf(key);
    if (!address) {
      routes.refresh();
      return Promise.reject(new Error(CONNECTION_CLOSED));
    }
    const recover = (error: Error): Promise<Result> => follow(error, address, command);
    return connectionTo(address).send({ ...command, recover });
  }

  function submit(key: string, request: Request): void {
    const address = routes.addressOf(key);
    if (address) return connectionTo(address).submit(request);
    routes.refresh();
    request.fail(new Error(CONNECTION_CLOSED));
  }

  /** Goes after a key that is elsewhere now. */
  async function follow<Result>(cause: Error, from: RedisAddress, command: Command<Result>): Promise<Result> {
    let error = cause;
    let address = from;
    for (let redirections = 0; redirections < MAX_REDIRECTIONS; redirections++) {
      const redirection = redirectionFrom(error, address);
      if (!redirection) break;
      address = redirection.address;
      const connection = connectionTo(address);
      if (redirection.kind === "moved") routes.refresh();
      // It holds for the next command alone. Should it fail, that one does, too.
      else connection.send(ASKING).catch(ignore);
      const answer = await connection.send<Answer<Result>>({
        ...command,
        decode: (reply) => ({ result: command.decode(reply) }),
        recover: async (again) => ({ error: again }),
      });
      if ("result" in answer) return answer.result;
      error = answer.error;
    }
    if (error.message.startsWith("READONLY")) onDemoted();
    if (command.recover) return command.recover(error);
    throw error;
  }

  async function sendInOrder<Results extends readonly unknown[]>(
    key: string,
    commands: Commands<Results>,
  ): Promise<Results> {
    const address = routes.addressOf(key);
    if (!address) {
      routes.refresh();
      throw new Error(CONNECTION_CLOSED);
    }
    const connection = connectionTo(address);
    try {
      const all = commands.map((command) => connection.send(command));
      return (await Promise.all(all)) as readonly unknown[] as Results;
    } catch (error) {
      if (!(error instanceof Error && redirectionFrom(error, address))) throw error;
      routes.refresh();
      const results: unknown[] = [];
      for (const command of commands) results.push(await send<unknown>(key, command));
      return results as readonly unknown[] as Results;
    }
  }

  return {
    send,
    submit,
    sendInOrder,
    drop() {
      for (const connection of connections.values()) connection.drop();
    },
  };
}

type Answer<Result> = { readonly result: Result } | { readonly error: Error };

const ASKING: Command<void> = { words: ["ASKING"], decode: ignore };

interface Redirection {
  /** Moved: for good. Ask: for this command, while the slot is on its way. */
  readonly kind: "moved" | "ask";
  readonly address: RedisAddress;
}

/** Where an error sends a command on to; undefined for other errors. */
function redirectionFrom(error: Error, from: RedisAddress): Redirection | undefined {
  const [, kind, text = ""] = /^(MOVED|ASK) \d+ (\S+)$/.exec(error.message) ?? [];
  const address = kind === undefined ? undefined : addressFromText(text, from);
  return address && { kind: kind === "MOVED" ? "moved" : "ask", address };
}

/** Deliberately nothing: whoever waits behind it is told. */
function ignore(): void {}
