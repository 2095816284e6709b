import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { problemsOfExamples } from './compile-examples';
import { errorCodes, messagesOf } from './error-texts';
import { codeBlocksOf, fragmentOf, headingsOf, linksOf, readMarkdownFiles } from './markdown';
import { readSourceTree, ROOT } from './source-tree';

const files = readMarkdownFiles();
const textOf = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

describe('the documentation', () => {
  it('has the files that a reader looks for', () => {
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']),
    );
  });

  it('holds only TypeScript that compiles', () => {
    expect(problemsOfExamples(files)).toEqual([]);
  });

  it.each(files)('links to what is there: $name', ({ name, text }) => {
    const broken = linksOf(text).filter((link) => !isThere(link, name));
    expect(broken).toEqual([]);
  });

  it('fits a README into 250 lines', () => {
    expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(250);
  });
});

describe('docs/errors.md', () => {
  it('has a heading for every error code, in their order, and for no other', () => {
    const headings = headingsOf(textOf('docs/errors.md')).filter((each) => each.startsWith('FLE_'));
    expect(headings).toEqual(errorCodes());
  });

  it('quotes messages as the sources make them', () => {
    const isMessage = messagesOf(readSourceTree());
    const quoted = codeBlocksOf(textOf('docs/errors.md')).filter(
      ({ language }) => language === 'text',
    );
    const messages = quoted.flatMap(({ code }) => code.trim().split('\n'));
    expect(messages.length).toBeGreaterThanOrEqual(errorCodes().length);
    expect(messages.filter((message) => !isMessage(message))).toEqual([]);
  });
});

describe('the checks of the documentation', () => {
  const example = (code: string): string[] =>
    problemsOfExamples([{ name: 'x.md', text: `# X\n\n\`\`\`ts\n${code}\n\`\`\`\n` }]);

  it('find an example that does not compile, at its line', () => {
    expect(
      example(
        `import { Encrypted } from 'mongoose-fle';\nclass A {\n  @Encrypted('Sometimes', 'a') b!: string;\n}`,
      ),
    ).toEqual([
      expect.stringMatching(/^x\.md:6: (No overload matches this call|Argument of type)/),
    ]);
  });

  it('accept one that does', () => {
    expect(
      example(
        `import { Encrypted } from 'mongoose-fle';\nclass A {\n  @Encrypted('Random', 'a') b!: string;\n}`,
      ),
    ).toEqual([]);
  });

  it('let one example import another by its name', () => {
    const text =
      "```ts\n// one.ts\nexport const one = 1;\n```\n\n```ts\nimport { one } from './one';\none satisfies string;\n```\n";
    expect(problemsOfExamples([{ name: 'x.md', text }])).toEqual([
      "x.md:8: Type 'number' does not satisfy the expected type 'string'.",
    ]);
  });

  it('read the codes of a union', () => {
    const text = `class A { readonly code = 'FLE_A'; } class B {} type AnyFleError = | A | B;`;
    expect(errorCodes(text)).toEqual(['FLE_A', 'B has no code']);
  });

  it('tell a message of the sources from another', () => {
    const source =
      "const a = { wrong: `the value of ${name} is too old.`, remedy: 'Give a younger one.' };";
    const isMessage = messagesOf(new Map([['a.ts', source]]));
    expect(isMessage('User.age: the value of age is too old. Give a younger one.')).toBe(true);
    expect(isMessage('User.age: the value of age is too young. Give a younger one.')).toBe(false);
    expect(isMessage('User.age: the value of age is too old. Give an older one.')).toBe(false);
  });

  it('follow links to files and headings', () => {
    expect(isThere('docs/errors.md', 'README.md')).toBe(true);
    expect(isThere('errors.md#fle_invalid_value', 'docs/guide.md')).toBe(true);
    expect(isThere('errors.md#fle_not_a_code', 'docs/guide.md')).toBe(false);
    expect(isThere('docs/errors.md', 'docs/guide.md')).toBe(false);
    expect(isThere('https://www.mongodb.com/', 'README.md')).toBe(true);
  });
});

function isThere(link: string, from: string): boolean {
  if (/^(?:https?|mailto):/.test(link)) return true;
  const [path = '', fragment] = link.split('#');
  const target = path === '' ? from : posix.join(posix.dirname(from), path);
  if (!existsSync(join(ROOT, target))) return false;
  if (fragment === undefined) return true;
  return headingsOf(textOf(target)).map(fragmentOf).includes(fragment);
}
