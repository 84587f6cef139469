/**
 * The texts of an answer's messages as readers were shown them: each with what sets it apart from the one before, which no
 * message has. Together they are exactly the answer (L7).
 */
export function answerTexts(texts: readonly string[], answer: string): readonly string[] {
  let position = 0;
  return texts.map((text, index) => {
    const found = answer.indexOf(text, position);
    const end = found === -1 ? position : found + text.length;
    const shown = index === texts.length - 1 ? answer.slice(position) : answer.slice(position, end);
    position = end;
    return shown;
  });
}
