import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** What a run of the program left behind. */
export interface CliRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** Whether there is a program that gives others a terminal, as that of util-linux does. */
export const HAS_TERMINALS =
  process.platform === 'linux' && spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;

const MAIN = join(__dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
/** How long a run may take before it counts as one that does not end. */
const LIMIT_MS = 60_000;

/** How it is run. */
interface RunOptions {
  /** The working directory. */
  readonly folder?: string;
  /** Whether whoever reads the standard output is gone before anything is printed. */
  readonly leaves?: boolean;
  /** Whether it has a terminal, where `HAS_TERMINALS`; all that is printed is then the standard output. */
  readonly terminal?: boolean;
}

/**
 * Runs the real program as a process of its own, without a terminal unless it is told.
 *
 * @param parameters What stands behind `mongoose-fle`.
 * @param environment What the environment holds beside that of the tests.
 */
export async function runCli(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
  { folder = __dirname, leaves = false, terminal = false }: RunOptions = {},
): Promise<CliRun> {
  const command = [process.execPath, '--import', require.resolve('tsx'), MAIN, ...parameters];
  const [program = '', ...rest] = terminal
    ? ['script', '-qec', command.map((word) => `'${word}'`).join(' '), '/dev/null']
    : command;
  const child = spawn(program, rest, {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  if (leaves) child.stdout.destroy();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ stdout, stderr, code });
    });
  });
}
