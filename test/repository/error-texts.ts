import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT, type SourceTree } from './source-tree';

/** The codes of the errors in the union `AnyFleError`. */
export function errorCodes(text = readFileSync(join(ROOT, 'src', 'errors.ts'), 'utf8')): string[] {
  const { statements } = ts.createSourceFile('errors.ts', text, ts.ScriptTarget.ES2023, true);
  const union = statements.find(
    (each): each is ts.TypeAliasDeclaration =>
      ts.isTypeAliasDeclaration(each) && each.name.text === 'AnyFleError',
  );
  const names = union?.type.getText().match(/\w+/g) ?? [];
  return names.map((name) => {
    const declared = statements.find(
      (each) => ts.isClassDeclaration(each) && each.name?.text === name,
    );
    return /\bcode = '(\w+)'/.exec(declared?.getText() ?? '')?.[1] ?? `${name} has no code`;
  });
}

/** How few letters of its own a text may have to say where a message comes from. */
const MIN_LETTERS = 12;

/**
 * Whether a message of the form `Where: what is wrong. What to do.` is made of texts that stand in the sources, whatever is put into
 * their templates.
 */
export function messagesOf(tree: SourceTree): (message: string) => boolean {
  const texts = [...tree.values()].flatMap(textsIn);
  const sentences = texts.filter((text) => text.letters >= MIN_LETTERS);
  const remedies = sentences.map(({ pattern }) => new RegExp(` ${pattern}$`));
  const faults = sentences.map(({ pattern }) => new RegExp(`^[^:]+: (?:.+ )?${pattern}\\.?$`));
  return (message) =>
    remedies.some((remedy) => {
      const found = remedy.exec(message);
      return found !== null && faults.some((fault) => fault.test(message.slice(0, found.index)));
    });
}

interface SourceText {
  readonly pattern: string;
  readonly letters: number;
}

function textsIn(text: string): SourceText[] {
  const found: SourceText[] = [];
  const visit = (node: ts.Node): void => {
    const parts = partsOf(node);
    if (parts !== undefined) {
      const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+');
      found.push({ pattern, letters: parts.join('').length });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('file.ts', text, ts.ScriptTarget.ES2023));
  return found;
}

function partsOf(node: ts.Node): string[] | undefined {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)];
}
