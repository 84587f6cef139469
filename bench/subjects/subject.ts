/** A server under test. All of them answer the same two requests, so that one client measures them all. */
export interface Subject {
  readonly port: number;
}

export interface SubjectOptions {
  readonly redisUrl: string;
  /** An empty directory on a real disk. */
  readonly directory: string;
}

export type StartSubject = (options: SubjectOptions) => Promise<Subject>;

export const CREATE_PATH = "/api/agent/create";
export const STREAM_PATH = "/api/agent/stream/";
