import { basename, join } from 'node:path';
import ts from 'typescript';
import { codeBlocksOf, type MarkdownFile } from './markdown';
import { ROOT } from './source-tree';

/** Where the examples stand for the compiler: a folder that is not there. */
const FOLDER = join(ROOT, 'test', 'examples-of-the-documentation');

/** Packages that examples may use and that are not installed here: what they give is of no type. */
const FOREIGN = ['@nestjs/common', '@nestjs/mongoose', '@typegoose/typegoose'];

/**
 * What the compiler says of the TypeScript in `files`, each with its place. An example that begins with a comment of a file name,
 * as in `// fle.ts`, can be imported by the others.
 */
export function problemsOfExamples(files: readonly MarkdownFile[]): string[] {
  const examples = new Map<string, Example>();
  const problems: string[] = [];
  for (const example of files.flatMap(examplesOf)) {
    if (examples.has(example.file))
      problems.push(`${example.place}: ${example.file} is there twice`);
    examples.set(example.file, example);
  }
  const texts = new Map([...examples.values()].map(({ file, code }) => [file, code]));
  texts.set(
    join(FOLDER, 'foreign.d.ts'),
    FOREIGN.map((name) => `declare module '${name}';`).join('\n'),
  );
  return [...problems, ...diagnosticsOf(texts).map((each) => describe(each, examples))];
}

interface Example {
  readonly file: string;
  readonly code: string;
  readonly place: string;
  readonly line: number;
  readonly document: string;
}

function examplesOf({ name, text }: MarkdownFile): Example[] {
  return codeBlocksOf(text)
    .filter(({ language }) => language === 'ts')
    .map(({ code, line }) => {
      const named = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1];
      const file = join(FOLDER, named ?? `${basename(name, '.md')}-${line}.ts`);
      return { file, code: `${code}\nexport {};`, line, document: name, place: `${name}:${line}` };
    });
}

function diagnosticsOf(texts: ReadonlyMap<string, string>): readonly ts.Diagnostic[] {
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const withExamples: ts.CompilerHost = {
    ...host,
    readFile: (file) => texts.get(file) ?? host.readFile(file),
    fileExists: (file) => texts.has(file) || host.fileExists(file),
    directoryExists: (folder) => folder === FOLDER || ts.sys.directoryExists(folder),
    getSourceFile: (file, target) => {
      const text = texts.get(file);
      if (text === undefined) return host.getSourceFile(file, target);
      return ts.createSourceFile(file, text, target);
    },
  };
  const program = ts.createProgram([...texts.keys()], options, withExamples);
  const sources = [...texts.keys()].map((file) => program.getSourceFile(file));
  return sources.flatMap((source) => [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ]);
}

function compilerOptions(): ts.CompilerOptions {
  const folder = join(ROOT, 'test');
  const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), (file) =>
    ts.sys.readFile(file),
  ) as {
    config: unknown;
  };
  return {
    ...ts.parseJsonConfigFileContent(config, ts.sys, folder).options,
    types: ['node'],
    noUnusedLocals: false,
    paths: { 'mongoose-fle': [join(ROOT, 'src', 'index.ts')] },
  };
}

function describe(
  { file, start, messageText }: ts.Diagnostic,
  examples: ReadonlyMap<string, Example>,
): string {
  const message = ts.flattenDiagnosticMessageText(messageText, ' ');
  const example = file && examples.get(file.fileName);
  if (file === undefined || example === undefined) return message;
  const { line } = file.getLineAndCharacterOfPosition(start ?? 0);
  return `${example.document}:${example.line + line}: ${message}`;
}
