import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { mongo } from 'mongoose';

const PROJECT = join(__dirname, '..', '..', '..');
const MAIN = join('examples', 'express', 'main.ts');

/** The clinic of `examples/express`, running as its user starts it, and its database seen by a bare driver. */
export interface RunningClinic {
  readonly url: string;
  readonly database: mongo.Db;
  /** Asks it to end, and resolves to its exit code; the database goes. */
  stop(): Promise<number | null>;
}

/** Starts the clinic on a database of its own, filled with its seed. */
export async function startClinic(): Promise<RunningClinic> {
  const name = `clinic_test_${randomBytes(4).toString('hex')}`;
  const client = new mongo.MongoClient(databaseUri());
  const database = client.db(name);
  const server = runClinic([], {
    CLINIC_DATABASE: name,
    FLE_MASTER_KEY: randomBytes(96).toString('base64'),
    PORT: '0',
  });

  return {
    url: await addressOf(server),
    database,
    async stop() {
      server.kill('SIGTERM');
      if (server.exitCode === null) await once(server, 'exit');
      await database.dropDatabase();
      await client.close();
      return server.exitCode;
    },
  };
}

/** Runs `examples/express/main.ts` in a process of its own, as `npm run demo` does. */
export function runClinic(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    cwd: PROJECT,
    env: {
      ...process.env,
      MONGODB_URI: databaseUri(),
      TSX_TSCONFIG_PATH: join(PROJECT, 'examples', 'tsconfig.json'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function databaseUri(): string {
  const uri = process.env['MONGODB_URI'];
  if (uri === undefined) throw new Error('MONGODB_URI is not set.');
  return uri;
}

async function addressOf({ stdout, stderr }: ChildProcess): Promise<string> {
  if (stdout === null || stderr === null) throw new Error('The clinic has no output.');
  let problems = '';
  stderr.on('data', (text: Buffer) => (problems += text.toString()));
  for await (const line of createInterface({ input: stdout })) {
    const address = /http:\/\/\S+\//.exec(line);
    if (address !== null) return address[0];
  }
  throw new Error(`The clinic did not open:\n${problems}`);
}
