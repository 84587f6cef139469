import * as fc from "fast-check";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { expect, test } from "vitest";
import { markdownSections } from "../../web/src/markdown-sections.ts";

function htmlOf(markdown: string): string {
  const element = createElement(ReactMarkdown, { remarkPlugins: [remarkGfm] }, markdown);
  return renderToStaticMarkup(element).replaceAll(/\n+/g, "\n").trim();
}

const LINE = fc.constantFrom(
  "# Title",
  "### Part",
  "#no heading",
  "  # in the list",
  "words and *more*",
  "**bold** words",
  "* star",
  "***",
  "[link](https://example.com/)",
  "2 words",
  "| c | d",
  "- item",
  "  - below",
  "1. first",
  "> quoted",
  "```ts",
  "```",
  "````",
  "~~~",
  "| a | b |",
  "| - | - |",
  "    code",
  "---",
  "",
  "",
);

test("a text in sections is shown as the whole text is, and is the whole text", () => {
  fc.assert(
    fc.property(fc.array(LINE, { maxLength: 24 }), (lines) => {
      const text = lines.join("\n");
      const sections = markdownSections(text);
      expect(sections.join("")).toBe(text);
      const html = sections.map(htmlOf).join("\n").replaceAll(/\n+/g, "\n").trim();
      expect(html).toBe(htmlOf(text));
    }),
    { numRuns: 500 },
  );
});

test("a text with a definition, which holds for all of it, is one section", () => {
  const text = "# A\n\n[here][1]\n\n# B\n\n[1]: https://example.com/\n";
  expect(markdownSections(text)).toEqual([text]);
});

test("of a growing text only the last section changes", () => {
  const text = "# A\n\nwords\n\n## B\n\nmore words";
  const grown = markdownSections(`${text} and more`);
  expect(markdownSections(text).slice(0, -1)).toEqual(grown.slice(0, -1));
});
