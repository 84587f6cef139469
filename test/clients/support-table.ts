import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

/** What the tests of a stock client have shown it to do against a real server. */
export interface ClientSupport {
  /** The package, or the program. */
  readonly client: string;
  /** As installed; absent: whatever the machine has. */
  readonly version?: string;
  /** What it is used as, where the package alone does not say. */
  readonly as?: string;
  /** Each `yes`, `no`, or what is to be said, in a few words. */
  readonly start: string;
  readonly stream: string;
  readonly resume: string;
  readonly exact: string;
  readonly cancel: string;
  readonly approve: string;
}

const DIRECTORY = new URL("support/", import.meta.url);

/** What the columns are called, in their order. */
const COLUMNS = {
  start: "start",
  stream: "stream",
  resume: "resume after a cut",
  exact: "exact after a crash",
  cancel: "cancel",
  approve: "approve",
} as const;

/** Keeps what a file of tests has shown, to be committed with it: docs/protocols.md has it as a table. */
export function recordSupport(support: ClientSupport): void {
  mkdirSync(DIRECTORY, { recursive: true });
  writeFileSync(fileOf(support), `${JSON.stringify(support, undefined, 2)}\n`);
}

/** The version of an installed package, or of what is installed under that name. */
export function installedVersion(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
}

/** All that was recorded, in the order of the files. */
export function recordedSupport(): readonly ClientSupport[] {
  const files = readdirSync(DIRECTORY).toSorted();
  return files.map((file) => JSON.parse(readFileSync(new URL(file, DIRECTORY), "utf8")) as ClientSupport);
}

/** The same as a table in Markdown. */
export function supportTable(): string {
  const columns = Object.keys(COLUMNS) as readonly (keyof typeof COLUMNS)[];
  const rows = recordedSupport().map((support) =>
    row([nameOf(support), ...columns.map((column) => support[column])]),
  );
  const titles = ["client", ...Object.values(COLUMNS)];
  return [row(titles), row(titles.map(() => "---")), ...rows].join("\n");
}

function nameOf({ client, version, as }: ClientSupport): string {
  return `\`${client}\`${version === undefined ? "" : ` ${version}`}${as === undefined ? "" : `, ${as}`}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function fileOf({ client, version }: ClientSupport): URL {
  const major = version === undefined ? "" : `-${version.split(".")[0]}`;
  return new URL(`${client.replace("@", "").replace("/", "-")}${major}.json`, DIRECTORY);
}
