import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source-tree';

/** A Markdown file of the repository. */
export interface MarkdownFile {
  /** Its path from the root, with slashes. */
  readonly name: string;
  readonly text: string;
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** The line of its first line in the file, from 1. */
  readonly line: number;
}

/** The Markdown files that readers see: at the root, and in docs/. */
export function readMarkdownFiles(): MarkdownFile[] {
  const docs = readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`);
  return [...readdirSync(ROOT), ...docs]
    .filter((name) => name.endsWith('.md'))
    .map((name) => ({ name, text: readFileSync(join(ROOT, name), 'utf8') }));
}

export function codeBlocksOf(text: string): CodeBlock[] {
  const blocks = text.matchAll(/^( *)```(\w*)[^\n]*\n([\s\S]*?)^\1```$/gm);
  return [...blocks].map(({ 2: language = '', 3: code = '', index }) => ({
    language,
    code,
    line: text.slice(0, index).split('\n').length + 1,
  }));
}

/** The headings of `text`, without their marks; those in code are none. */
export function headingsOf(text: string): string[] {
  const headings = withoutCode(text).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) => heading.trim());
}

/** What `text` links to: `docs/keys.md#backup`, `#limits`, `https://…`. */
export function linksOf(text: string): string[] {
  const links = withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g);
  return [...links].map(([, target = '']) => target);
}

/** The fragment that leads to a heading, as GitHub makes it. */
export function fragmentOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

/** The rows of every table of `text`, a cell's text for each column; the rows of headings and dashes are left out. */
export function tableRowsOf(text: string): string[][] {
  const lines = withoutCode(text).split('\n');
  return lines
    .filter((line, index) => isRow(line) && !isRule(line) && !isRule(lines[index + 1] ?? ''))
    .map((line) =>
      line
        .trim()
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

function isRow(line: string): boolean {
  return /^\s*\|.*\|\s*$/.test(line);
}

function isRule(line: string): boolean {
  return /^\s*\|[\s:|-]+\|\s*$/.test(line);
}

function withoutCode(text: string): string {
  return text.replace(/^( *)```[\s\S]*?^\1```$/gm, '');
}
