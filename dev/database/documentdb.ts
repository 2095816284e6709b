import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

import type { DatabaseSource } from './running-database';

const PROJECT = join(__dirname, '..', '..');
/** What the process below prints when it serves. */
const READY = 'Listening: ';

/**
 * DocumentDB from Debian's packages, behind the gateway. Both run in a process of their own, so that
 * a test that keeps its own process busy does not keep the database waiting.
 */
export const documentDb: DatabaseSource = {
  find: () => Promise.resolve('DocumentDB on PostgreSQL, behind the gateway'),
  prepare: async (note) => {
    await documentDbRoot(note);
  },
  start: async () => {
    const root = await documentDbRoot(() => undefined);
    const program = join(__dirname, 'documentdb-process.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', program, root], {
      cwd: PROJECT,
      // It serves as long as its input is open, which ends with this process however that ends.
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const uri = await listeningUri(child);
    // Nothing more is said; the pipes and the child must not keep this process alive.
    child.unref();
    (child.stdin as unknown as { unref(): void }).unref();
    (child.stdout as unknown as { unref(): void }).unref();
    return { uri, stop: () => stop(child) };
  },
};

type Child = ChildProcessByStdio<Writable, Readable, null>;

function listeningUri(child: Child): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith(READY)) resolve(line.slice(READY.length));
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`DocumentDB did not start (exit code ${String(code)})`));
    });
  });
}

function stop(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.ref();
    child.once('exit', () => {
      resolve();
    });
    child.stdin.end();
  });
}

/** Asks the set-up for the root, which builds it when it is not there. */
function documentDbRoot(note: (text: string) => void): Promise<string> {
  const program = join(PROJECT, 'dev', 'setup.mjs');
  const child = spawn(process.execPath, [program, 'documentdb'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const problems: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    problems.push(line);
    note(line);
  });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve((JSON.parse(output) as { root: string }).root);
      else reject(new Error(problems.join('\n')));
    });
  });
}
