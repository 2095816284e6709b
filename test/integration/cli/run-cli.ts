import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What a run of the program left behind. */
export interface CliRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

const MAIN = join(__dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
/** How long a run may take before it counts as one that does not end. */
const LIMIT_MS = 60_000;

/**
 * Runs the real program as a process of its own, without a terminal.
 *
 * @param parameters What stands behind `mongoose-fle`.
 * @param environment What the environment holds beside that of the tests.
 */
export async function runCli(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
  folder: string = __dirname,
): Promise<CliRun> {
  const child = spawn(process.execPath, ['--import', require.resolve('tsx'), MAIN, ...parameters], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ stdout, stderr, code });
    });
  });
}
