/**
 * Cuts Markdown where a heading or a paragraph begins at the margin, so that of a long answer only the section that grows is
 * read again with each word. Put together in order the sections are the text, and each means alone what it means in the
 * whole: such a beginning ends whatever was open but a fence of code, inside of which it is none. Text with definitions, which
 * hold for the whole, is left whole.
 */
export function markdownSections(text: string): readonly string[] {
  if (DEFINITION.test(text)) return [text];
  const sections: string[] = [];
  let section = "";
  let fence: string | undefined;
  let isAfterBlank = false;
  for (const line of text.split(/(?<=\n)/)) {
    const begins = HEADING.test(line) || (isAfterBlank && PARAGRAPH.test(line));
    if (fence === undefined && begins && section !== "") {
      sections.push(section);
      section = "";
    }
    section += line;
    fence = fenceAfter(fence, line);
    isAfterBlank = line.trim() === "";
  }
  return [...sections, section];
}

/** Of a link or a footnote. */
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m;
const HEADING = /^#{1,6}[ \t]/;

/** What can begin nothing but a paragraph: no mark of a list, a quotation, a table, code or HTML. */
const PARAGRAPH = /^(?!\d{1,9}[.)]|\*\s)[\p{L}\p{N}("'“‘*_[]/u;

/** The fence of code that is open after a line: a longer one of the same sign, alone on its line, closes it. */
function fenceAfter(open: string | undefined, line: string): string | undefined {
  const [, sign = "", rest = ""] = /^\s*(`{3,}|~{3,})(.*)/.exec(line) ?? [];
  if (open === undefined)
    return sign === "" || (sign.startsWith("`") && rest.includes("`")) ? undefined : sign;
  return sign.startsWith(open) && rest.trim() === "" ? undefined : open;
}
