import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import ts from 'typescript';

export const ROOT = resolve(__dirname, '../..');

/** The text of every file of src/, by its path there, written with slashes. */
export type SourceTree = ReadonlyMap<string, string>;

/** What a file asks of another. */
export interface SourceImport {
  readonly specifier: string;
  /** Whether nothing of it is left in the compiled file. */
  readonly isTypeOnly: boolean;
}

export function readSourceTree(folder = join(ROOT, 'src')): SourceTree {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.split(sep).join('/'))
    .sort();
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}

/** Every import of `text`: by declaration, by call, in a type, and of what is exported again. */
export function importsOf(text: string): SourceImport[] {
  const found: SourceImport[] = [];
  const visit = (node: ts.Node): void => {
    const one = importAt(node);
    if (one !== undefined) found.push(one);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('file.ts', text, ts.ScriptTarget.ES2023));
  return found;
}

function importAt(node: ts.Node): SourceImport | undefined {
  if (ts.isImportDeclaration(node)) {
    return { specifier: textOf(node.moduleSpecifier), isTypeOnly: isTypeImport(node) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return { specifier: textOf(node.moduleSpecifier), isTypeOnly: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return { specifier: textOf(node.argument.literal), isTypeOnly: true };
  }
  if (ts.isExternalModuleReference(node)) {
    return { specifier: textOf(node.expression), isTypeOnly: false };
  }
  if (ts.isCallExpression(node) && isLoading(node.expression)) {
    return { specifier: textOf(node.arguments[0]), isTypeOnly: false };
  }
  return undefined;
}

function isTypeImport({ importClause }: ts.ImportDeclaration): boolean {
  if (importClause === undefined) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = importClause;
  return (
    name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.length > 0 &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  );
}

function isLoading(called: ts.Expression): boolean {
  if (called.kind === ts.SyntaxKind.ImportKeyword) return true;
  return ts.isIdentifier(called) && called.text === 'require';
}

function textOf(node: ts.Node | undefined): string {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : '';
}
