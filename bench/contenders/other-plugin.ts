import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Place } from '../suite';
import { fieldsOf, type Person } from '../workload';

const FOLDER = join('bench', 'others');

/** The plugins that have a folder in `bench/others`. */
export const OTHER_PLUGINS = [
  'mongoose-field-encryption',
  'mongoose-encryption',
  'mongoose-encrypt-fields',
  'mongoose-plugin-encryptor',
] as const;

export type OtherWork =
  'clear' | 'insertMany' | 'saveEach' | 'findHydrated' | 'findLean' | 'stored';

/** A plugin in a process of its own, with the Mongoose it needs. */
export interface OtherPlugin {
  readonly name: string;
  /** Does the work, and tells how many milliseconds it took there. */
  readonly time: (work: OtherWork, people?: readonly Person[]) => Promise<number>;
  /** Does the work, and gives what came of it. */
  readonly result: (work: OtherWork, people?: readonly Person[]) => Promise<unknown>;
  readonly close: () => void;
}

interface Reply {
  readonly id: number;
  readonly elapsed?: number;
  readonly result?: unknown;
  readonly error?: string;
}

/**
 * Installs and starts a plugin.
 *
 * @throws {Error} where it cannot be installed, or does not start.
 */
export async function openOtherPlugin(
  name: string,
  { uri, dbName }: Place,
  fields: number,
): Promise<OtherPlugin> {
  const folder = join(process.cwd(), FOLDER, name);
  const install = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  await promisify(execFile)('npm', install, { cwd: folder, timeout: 300_000 });
  const program = fork(
    join(FOLDER, 'serve.mjs'),
    [folder, uri, `${dbName}_${name.replaceAll('-', '')}`, ...fieldsOf(fields)],
    { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  );
  const started = await Promise.race([once(program, 'message'), once(program, 'exit')]);
  if (typeof started[0] === 'number') throw new Error(`${name} does not start`);
  let last = 0;
  const ask = async (work: OtherWork, people: unknown, wanted: boolean): Promise<Reply> => {
    last += 1;
    program.send({ id: last, work, people, wanted });
    const [reply] = (await once(program, 'message')) as [Reply];
    if (reply.error !== undefined) throw new Error(`${name}, ${work}: ${reply.error}`);
    return reply;
  };
  return {
    name,
    time: async (work, people) => (await ask(work, people, false)).elapsed ?? NaN,
    result: async (work, people) => (await ask(work, people, true)).result,
    close: () => void program.kill(),
  };
}
