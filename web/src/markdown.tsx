import { memo } from "react";
import type { ReactNode } from "react";
import ReactMarkdown from "react-markdown";
import type { Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { markdownSections } from "./markdown-sections.ts";

/**
 * Text of a model as Markdown. It is not to be trusted: HTML in it stays text, addresses are only those of the web and of
 * mail, and nothing is loaded from anywhere: an image is a link to itself.
 */
export function Markdown({ text }: { readonly text: string }): ReactNode {
  return (
    <div className="markdown">
      {markdownSections(text).map((section, index) => (
        // Sections are only added at the end.
        <Section key={index} text={section} />
      ))}
    </div>
  );
}

const Section = memo(function Section({ text }: { readonly text: string }): ReactNode {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
      {text}
    </ReactMarkdown>
  );
});

const PLUGINS = [remarkGfm];

const COMPONENTS: Components = {
  // The page has its own first heading.
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  h4: ({ children }) => <h6>{children}</h6>,
  h5: ({ children }) => <h6>{children}</h6>,
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  img: ({ src, alt }) => (
    <a href={typeof src === "string" ? src : undefined} target="_blank" rel="noopener noreferrer nofollow">
      {alt === undefined || alt === "" ? "an image" : alt}
    </a>
  ),
  // What is wider than the page scrolls by itself, also by keyboard.
  pre: ({ children }) => (
    <pre role="group" aria-label="Code" tabIndex={0}>
      {children}
    </pre>
  ),
  table: ({ children }) => (
    <div className="wide" role="group" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
};
