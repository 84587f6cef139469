/**
 * Text as every format can carry it. SSE cannot carry CR, UTF-8 cannot carry a lone surrogate, and a decoder eats a
 * leading byte-order mark; so that each reader renders the same characters (L7), text is brought to this form once,
 * before it is stored: CR and CRLF become LF, a lone surrogate becomes U+FFFD, any leading U+FEFF goes.
 */
export function normalizeText(text: string): string {
  const normalizer = createTextNormalizer();
  return normalizer.push(text) + normalizer.end();
}

export interface TextNormalizer {
  /** Takes the next chunk and gives what of the text is certain by now, possibly nothing. */
  push(chunk: string): string;
  /** Gives what was held back. */
  end(): string;
}

/**
 * The same over chunks, which may split a CRLF or a surrogate pair: a trailing CR or high surrogate is held back until
 * the next chunk decides what it is. Any split of a text gives the same characters in the end.
 */
export function createTextNormalizer(): TextNormalizer {
  return new ChunkNormalizer();
}

/** There is one for each answer under way: one object, where closures were four. */
class ChunkNormalizer implements TextNormalizer {
  #held = "";
  #atStart = true;

  push(chunk: string): string {
    if (chunk === "") return "";
    let text = this.#held + chunk;
    this.#held = "";
    if (this.#atStart) {
      // All of them: a decoder eats the one that then leads.
      text = text.replace(/^\uFEFF+/, "");
      this.#atStart = text === "";
    }
    const last = text.charCodeAt(text.length - 1);
    if (last === CARRIAGE_RETURN || isHighSurrogate(last)) {
      this.#held = text.slice(-1);
      text = text.slice(0, -1);
    }
    return settle(text);
  }

  end(): string {
    const text = settle(this.#held);
    this.#held = "";
    return text;
  }
}

const CARRIAGE_RETURN = 0x0d;

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function settle(text: string): string {
  // Looking for CR first keeps the common chunk free of a regular expression and a copy.
  const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  return lines.isWellFormed() ? lines : lines.toWellFormed();
}
