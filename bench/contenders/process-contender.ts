import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OURS, PLAIN } from '../report/find-figures';
import type { Place } from '../suite';
import { fieldsOf, type Person } from '../workload';

const FOLDER = join('bench', 'others');

/** Contenders of `bench/others`, and the folders they have there. */
export const PROCESSES = {
  [PLAIN]: 'plain-mongoose',
  [OURS]: 'mongoose-fle',
  'mongoose-field-encryption': 'mongoose-field-encryption',
  'mongoose-encryption': 'mongoose-encryption',
  'mongoose-encrypt-fields': 'mongoose-encrypt-fields',
  'mongoose-plugin-encryptor': 'mongoose-plugin-encryptor',
} as const;

export type ProcessWork =
  'clear' | 'insertMany' | 'saveEach' | 'findHydrated' | 'findLean' | 'stored';

/** A contender in a process of its own, with the Mongoose it needs. */
export interface ProcessContender {
  readonly name: string;
  /** Does the work, and tells how many milliseconds it took there. */
  readonly time: (work: ProcessWork, people?: readonly Person[]) => Promise<number>;
  /** Does the work, and gives what came of it. */
  readonly result: (work: ProcessWork, people?: readonly Person[]) => Promise<unknown>;
  readonly close: () => void;
}

interface Reply {
  readonly id: number;
  readonly elapsed?: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Installs what a plugin needs; what has no package of its own needs nothing but what the project has. */
async function install(folder: string): Promise<void> {
  const quietly = ['--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  await promisify(execFile)('npm', ['install', ...quietly], { cwd: folder, timeout: 300_000 });
}

/**
 * Installs and starts a contender.
 *
 * @throws {Error} where it cannot be installed, or does not start.
 */
export async function openProcess(
  name: keyof typeof PROCESSES,
  { uri, dbName }: Place,
  fields: number,
): Promise<ProcessContender> {
  const subfolder = PROCESSES[name];
  const folder = join(process.cwd(), FOLDER, subfolder);
  if (existsSync(join(folder, 'package.json'))) await install(folder);
  const program = fork(
    join(FOLDER, 'serve.mjs'),
    [folder, uri, `${dbName}_${subfolder.replaceAll('-', '')}`, ...fieldsOf(fields)],
    { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
  );
  const started = await Promise.race([once(program, 'message'), once(program, 'exit')]);
  if (typeof started[0] === 'number') throw new Error(`${name} does not start`);
  let last = 0;
  const ask = async (work: ProcessWork, people: unknown, wanted: boolean): Promise<Reply> => {
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
