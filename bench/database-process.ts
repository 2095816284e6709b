import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const URI = 'MONGODB_URI=';
const KIND = /^Database: (.*) \(/;

/** A database in a process of its own, so that nothing of it runs in the one that is measured. */
export interface DatabaseProcess {
  readonly uri: string;
  /** What database it is, in words. */
  readonly kind: string;
  readonly stop: () => void;
}

/**
 * Starts a database.
 *
 * @throws {Error} where none starts.
 */
export async function startDatabaseProcess(): Promise<DatabaseProcess> {
  const program = spawn(process.execPath, ['--import', 'tsx', 'dev/database/main.ts'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let kind = 'unknown';
  const told = createInterface({ input: program.stderr }).on('line', (line) => {
    kind = KIND.exec(line)?.[1] ?? kind;
    console.error(line);
  });
  for await (const line of createInterface({ input: program.stdout })) {
    if (!line.startsWith(URI)) continue;
    if (kind === 'unknown') await Promise.race([once(told, 'line'), once(program, 'exit')]);
    return { uri: line.slice(URI.length), kind, stop: () => void program.kill('SIGTERM') };
  }
  throw new Error('The database did not start');
}
