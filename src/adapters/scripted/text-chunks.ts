/** The longest word that is sent whole, in characters. */
const MAXIMUM_WORD_CHUNK = 9;

/**
 * Cuts a text into pieces about the size of a model's tokens: mostly a word with the space or the newlines before
 * it, long words in two. The pieces joined are the text; none is empty; no character outside the BMP is cut in two.
 */
export function chunksFromText(text: string): readonly string[] {
  return (text.match(/\s*\S+|\s+$/gu) ?? []).flatMap(halvesOfLongWord);
}

function halvesOfLongWord(word: string): readonly string[] {
  const characters = Array.from(word);
  if (characters.length <= MAXIMUM_WORD_CHUNK) return [word];
  const middle = Math.ceil(characters.length / 2);
  return [characters.slice(0, middle).join(""), characters.slice(middle).join("")];
}
