import { posix } from 'node:path';
import { importsOf, type SourceImport, type SourceTree } from './source-tree';

/**
 * What each folder, and each file at the top, of src/ may import beside itself. Data flows down this list, imports point up it; `keys`
 * stands beside `rewrite`.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'fle-error': [],
  errors: ['fle-error'],
  declaration: ['errors'],
  plan: ['errors', 'declaration'],
  codec: ['errors', 'declaration', 'plan'],
  rewrite: ['errors', 'declaration', 'plan', 'codec'],
  keys: ['errors', 'declaration', 'plan', 'codec'],
  mongoose: ['errors', 'declaration', 'plan', 'codec', 'rewrite', 'keys'],
  index: ['errors', 'declaration', 'plan', 'codec', 'rewrite', 'keys', 'mongoose'],
  cli: ['errors', 'declaration', 'plan', 'codec', 'rewrite', 'keys', 'mongoose', 'index'],
};

const MAX_LINES = 250;
const NAMELESS = ['utils', 'util', 'helpers', 'helper', 'common', 'types', 'constants', 'manager'];
const TYPES_ONLY = ['mongoose', 'mongodb', 'bson', 'mongodb-client-encryption'];

/** The imports of every file. */
type Imports = ReadonlyMap<string, readonly SourceImport[]>;

/** Everything about a tree of sources that its rules forbid, as sentences. */
export function violationsOf(tree: SourceTree): string[] {
  const imports: Imports = new Map([...tree].map(([file, text]) => [file, importsOf(text)]));
  return [...tree].flatMap(([file, text]) => [
    ...misnamed(file),
    ...tooLong(file, text),
    ...loadedPackages(file, imports),
    ...misdirected(file, imports),
    ...cycles(file, imports),
  ]);
}

function misnamed(file: string): string[] {
  const { dir, name } = posix.parse(file);
  const isNameless = NAMELESS.includes(name) || NAMELESS.some((word) => dir.endsWith(word));
  if (isNameless) return [`${file} is not named after a subject`];
  return dir !== '' && name === 'index' ? [`${file} is an index inside a folder`] : [];
}

function tooLong(file: string, text: string): string[] {
  const lines = text.replace(/\n$/, '').split('\n').length;
  return lines > MAX_LINES ? [`${file} has ${lines} lines`] : [];
}

function loadedPackages(file: string, imports: Imports): string[] {
  if (file.startsWith('cli/')) return [];
  return (imports.get(file) ?? [])
    .filter(({ specifier, isTypeOnly }) => !isTypeOnly && isOneOf(TYPES_ONLY, specifier))
    .map(({ specifier }) => `${file} loads ${specifier}`);
}

function isOneOf(packages: readonly string[], specifier: string): boolean {
  return packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

function misdirected(file: string, imports: Imports): string[] {
  const stage = stageOf(file);
  const allowed = MAY_IMPORT[stage];
  if (allowed === undefined) return [`${file} is in no known stage`];
  return targetsOf(file, imports)
    .filter((target) => stageOf(target) !== stage && !allowed.includes(stageOf(target)))
    .map((target) => `${file} imports ${target}`);
}

function cycles(file: string, imports: Imports): string[] {
  const cycle = pathBackTo(file, file, { imports, seen: new Set() });
  return cycle === undefined ? [] : [`${[file, ...cycle].join(' → ')} is a cycle`];
}

interface Walk {
  readonly imports: Imports;
  readonly seen: Set<string>;
}

/** The files through which the imports of `from` lead to `goal`. */
function pathBackTo(goal: string, from: string, walk: Walk): string[] | undefined {
  for (const target of targetsOf(from, walk.imports)) {
    if (target === goal) return [goal];
    if (walk.seen.has(target)) continue;
    walk.seen.add(target);
    const rest = pathBackTo(goal, target, walk);
    if (rest !== undefined) return [target, ...rest];
  }
  return undefined;
}

/** The files of the tree that `file` imports. */
function targetsOf(file: string, imports: Imports): string[] {
  return (imports.get(file) ?? [])
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => `${posix.join(posix.dirname(file), specifier)}.ts`);
}

/** The folder that `file` is in; of a file at the top, its name. */
function stageOf(file: string): string {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}
