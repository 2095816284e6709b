import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CliConfigError } from '../errors';

/** The names that a configuration may have, in the order of looking. */
const CONFIG_NAMES: readonly string[] = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs', 'json'].map(
  (extension) => `fle.config.${extension}`,
);

const TYPESCRIPT: ReadonlySet<string> = new Set(['.ts', '.mts', '.cts']);
/** What Node says of TypeScript that it cannot load alone. */
const NODE_ALONE: ReadonlySet<unknown> = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_NO_TYPESCRIPT',
]);

/**
 * The configuration file: the one that was named, or the one of `folder`.
 *
 * @throws {CliConfigError} where there is none.
 */
export function findConfig(folder: string, named: string | undefined): string {
  const candidates = named === undefined ? CONFIG_NAMES : [named];
  const file = candidates.map((name) => resolve(folder, name)).find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new CliConfigError({
    where: named ?? 'fle.config',
    wrong:
      named === undefined
        ? 'there is no fle.config.ts, .js, .mjs, .cjs or .json in this folder.'
        : 'there is no such file.',
    remedy:
      'Write one that exports the handle as "fle" and a connection as "connection", or name it with --config.',
  });
}

/**
 * What the module `file` exports. TypeScript is loaded by tsx where the project has it, else by Node itself.
 *
 * @throws {CliConfigError} where it cannot be loaded.
 */
export async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  const isByTsx = TYPESCRIPT.has(extname(file)) && (await registerTsx(dirname(file)));
  try {
    return exportsOf(await load(file, isByTsx));
  } catch (cause) {
    const isOfNode =
      TYPESCRIPT.has(extname(file)) && NODE_ALONE.has((cause as { code?: unknown } | null)?.code);
    throw new CliConfigError({
      where: basename(file),
      wrong: isOfNode ? 'this Node cannot load it by itself.' : 'it fails when it is loaded.',
      remedy: isOfNode
        ? 'Install tsx in the project (`npm install --save-dev tsx`), or name a compiled configuration with --config.'
        : 'The cause says why.',
      cause,
    });
  }
}

/** Node 20 does not let an imported CommonJS module of tsx load what is built into Node, as the driver does: it is required. */
async function load(file: string, isByTsx: boolean): Promise<unknown> {
  if (isByTsx && extname(file) === '.cts') return createRequire(file)(file) as unknown;
  return await import(pathToFileURL(file).href);
}

/** Lets tsx load TypeScript: what `node --import tsx` does. Resolves to whether it is installed in the project. */
async function registerTsx(folder: string): Promise<boolean> {
  const project = createRequire(join(folder, 'package.json'));
  let loader: string;
  try {
    loader = project.resolve('tsx');
  } catch {
    return false; // Node may do without
  }
  await import(pathToFileURL(loader).href);
  return true;
}

/** The exports of a module, however often it wraps them into a default. */
function exportsOf(loaded: unknown): Readonly<Record<string, unknown>> {
  let exported: Record<string, unknown> = {};
  for (let layer = loaded; typeof layer === 'object' && layer !== null;) {
    exported = { ...(layer as Record<string, unknown>), ...exported };
    const { default: inner } = layer as { default?: unknown };
    if (inner === layer) break;
    layer = inner;
  }
  return exported;
}
