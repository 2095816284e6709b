import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const PREFIX = 'MONGODB_URI=';

/** A database in a process of its own, so that nothing of it runs in the one that is measured. */
export async function startDatabaseProcess(): Promise<{ uri: string; stop: () => void }> {
  const program = spawn(process.execPath, ['--import', 'tsx', 'dev/database/main.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: program.stdout })) {
    if (line.startsWith(PREFIX)) {
      return { uri: line.slice(PREFIX.length), stop: () => void program.kill('SIGTERM') };
    }
  }
  throw new Error('The database did not start');
}
