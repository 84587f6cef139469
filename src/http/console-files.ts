/** The built files of the web console, from wherever they are kept. */
export interface ConsoleFiles {
  /** The page itself; undefined while the console has not been built. */
  page(): Promise<ConsoleFile | undefined>;
  /** A file that the page refers to, by its name; another content has another name. */
  asset(name: string): Promise<ConsoleFile | undefined>;
}

/** A file, ready to be served. */
export interface ConsoleFile {
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same, compressed; undefined where that is not worth it. */
  readonly gzipped: Uint8Array<ArrayBuffer> | undefined;
  /** Names the content, quotes and all. */
  readonly etag: string;
}
