import type { ConversationId } from "../../core/index.ts";
import type { PublishCommand } from "./redis-clients.ts";

const CONVERSATION = "conversation";

/** The keys of one conversation: all in one slot of a Cluster, so that one script can touch them together. */
export interface ConversationKeys {
  /** `agent-stream:<id>`, the name that the samples' readers and redis-cli know. */
  readonly stream: string;
  readonly conversation: string;
  readonly inbox: string;
  readonly history: string;
  readonly voided: string;
  readonly answers: string;
  /** Where the entries are published. */
  readonly channel: string;
}

/** Names every key of a store. */
export interface Keyspace {
  /** What ends the names of channels, in databases that are not the first. */
  readonly suffix: string;
  of(id: ConversationId): ConversationKeys;
  /** Sorted set of all conversations by the time of their last touch. A slot of its own. */
  readonly conversations: string;
  /** Sorted set of the conversations that may have something to do, by the time of the last request. */
  readonly unfinished: string;
  /** Written by health checks. */
  readonly ping: string;
}

export interface KeyspaceOptions {
  readonly keyPrefix: string;
  /** The number of the database. */
  readonly db: number;
}

/** Throws TypeError when the prefix has braces: they would move the keys of a conversation to different slots. */
export function createKeyspace({ keyPrefix, db }: KeyspaceOptions): Keyspace {
  if (/[{}]/.test(keyPrefix)) throw new TypeError("A keyPrefix cannot have braces; choose one without.");
  const suffix = db === 0 ? "" : `db${db}`;
  return {
    suffix,
    of(id) {
      const stream = `${keyPrefix}agent-stream:${id}`;
      // The tag is the whole stream key, so that the rest hashes to where the stream is.
      const companion = `${keyPrefix}{${stream}}`;
      return {
        stream,
        conversation: `${companion}:${CONVERSATION}`,
        inbox: `${companion}:inbox`,
        history: `${companion}:history`,
        voided: `${companion}:voided`,
        answers: `${companion}:answers`,
        // Publishing ignores databases: without the number, one would hear what was written in another.
        channel: suffix === "" ? stream : `${companion}:${suffix}`,
      };
    },
    conversations: `${keyPrefix}holdfast:conversations`,
    unfinished: `${keyPrefix}holdfast:unfinished`,
    ping: `${keyPrefix}holdfast:ping`,
  };
}

/** How a script reaches the followers of the conversation whose keys it has. */
export interface Publishing {
  readonly command: PublishCommand;
  /** The channel of the conversation, in Lua. */
  readonly channel: string;
}

/** The channel is named from the keys: an argument less for every append. */
export function publishingOf(command: PublishCommand, { suffix }: Keyspace): Publishing {
  const channel =
    suffix === "" ? "KEYS[1]" : `string.sub(KEYS[2], 1, -${CONVERSATION.length + 1}) .. '${suffix}'`;
  return { command, channel };
}

/** What every script gets as KEYS, in this order. */
export function scriptKeys(keys: ConversationKeys): readonly string[] {
  return [keys.stream, keys.conversation, keys.inbox, keys.history, keys.voided, keys.answers];
}
