/** Finds the entry for a destination as people and models write it: "Tokyo, Japan", "new york city", "Reykjavík". */
export function entryForPlace<Entry>(
  entries: Readonly<Record<string, Entry>>,
  destination: string,
): Entry | undefined {
  const written = plain(destination);
  const name =
    ALIASES[written] ??
    Object.keys(entries).find((each) => written === each || written.startsWith(`${each} `));
  return name !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined;
}

/** A destination in lower case, without accents and punctuation. */
export function plain(destination: string): string {
  return destination
    .normalize("NFD")
    .replaceAll(/\p{Diacritic}/gu, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}]+/gu, " ")
    .trim();
}

const ALIASES: Readonly<Record<string, string>> = {
  nyc: "new york",
  manhattan: "new york",
  sf: "san francisco",
  roma: "rome",
  lisboa: "lisbon",
  wien: "vienna",
  praha: "prague",
  rio: "rio de janeiro",
  cdmx: "mexico city",
};
