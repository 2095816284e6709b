import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

import { SetupError } from './setup-error.mjs';

const LAST_LINES = 25;
/** What is running, by the id that a signal goes to: a process, or (negative) a whole group. */
const running = new Set();

/** Ends the commands that are running, with the signal that this process got. */
export function stopRunning(signal) {
  for (const id of running) send(id, signal);
}

/**
 * Runs a command and resolves to its output. A failure shows the last lines that it wrote.
 *
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeLimitMs?: number, onLine?: (line: string) => void }} [options]
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what the command started ends with it.
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    running.add(-child.pid);
    const lines = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        options.onLine?.(line);
      });
    }
    let ranOut = false;
    const timer =
      options.timeLimitMs &&
      setTimeout(() => {
        ranOut = true;
        send(-child.pid, 'SIGKILL');
      }, options.timeLimitMs);
    const finish = (problem) => {
      clearTimeout(timer);
      running.delete(-child.pid);
      if (problem === undefined) return resolve(lines.join('\n'));
      const shown = [command, ...args].join(' ');
      reject(new SetupError([`${shown}: ${problem}`, ...lines.slice(-LAST_LINES)].join('\n  ')));
    };
    child.on('error', (error) => finish(error.message));
    child.on('close', (code, signal) => {
      if (ranOut) finish(`not done after ${options.timeLimitMs / 1000} s`);
      else finish(code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`);
    });
  });
}

/** Runs a command on this terminal, and resolves to its exit code. */
export function runHere(command, args, env = process.env) {
  return new Promise((resolve, reject) => {
    // In this process's group: Ctrl-C reaches it directly.
    const child = spawn(command, args, { stdio: 'inherit', env });
    running.add(child.pid);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child.pid);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** Whether a program of that name is on the PATH. */
export function hasProgram(name) {
  return spawnSync('sh', ['-c', `command -v "$0"`, name], { stdio: 'ignore' }).status === 0;
}

function send(id, signal) {
  try {
    process.kill(id, signal);
  } catch {
    // It has ended in the meantime, or never started.
  }
}
