/** A server under test. All of them answer the same two requests, so that one client measures them all. */
export interface Subject {
  readonly port: number;
  /** Takes chunks into the store as fast as it can, with nobody reading; gives how many a second were stored. */
  readonly write?: (order: WriteOrder) => Promise<number>;
}

export interface WriteOrder {
  /** How many conversations are written to at the same time. */
  readonly conversations: number;
  /** How many chunks each of them gets. */
  readonly chunks: number;
  /** How many chunks a conversation has under way at a time: the next come when these are stored. */
  readonly batch: number;
}

export interface SubjectOptions {
  readonly redisUrl: string;
  /** An empty directory on a real disk. */
  readonly directory: string;
  /** A folder whose `node_modules` has the peers; empty: there is none. */
  readonly peers: string;
}

export type StartSubject = (options: SubjectOptions) => Promise<Subject>;

export const CREATE_PATH = "/api/agent/create";
export const STREAM_PATH = "/api/agent/stream/";
