/** The longest provider's message that is passed on, in characters. */
export const MAX_SHOWN_MESSAGE_LENGTH = 300;

/** A provider's message if it may be shown to anybody: short, of one line, and with nothing in it like a key. */
export function shownMessage(message: string | undefined): string | undefined {
  const line = message?.replace(/\s+/g, " ").trim() ?? "";
  if (line === "" || line.length > MAX_SHOWN_MESSAGE_LENGTH) return undefined;
  return LIKE_A_SECRET.test(line) ? undefined : line;
}

/** Keys by their prefix or their header, addresses with a query or a user, and any long run of key characters. */
const LIKE_A_SECRET =
  /\b(?:sk|pk|rk|key|api|org|proj)[-_][\w*-]{4,}|\bbearer\s+\S|\bapi[-_ ]?key\b.*[:=]|:\/\/\S*[?@]|[\w+/=*-]{24,}/i;
