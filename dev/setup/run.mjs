import { spawn, spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

import { SetupError } from './setup-error.mjs';

/** Of a long output, a failure shows so many lines of the beginning and of the end. */
const SHOWN_LINES = 12;
/** The process groups that are running: each command leads one of its own. */
const groups = new Set();
/** A second signal within this time is the same one, come by another way. */
const SAME_SIGNAL_MS = 1000;
let lastSignalAt = -Infinity;
let interruptedBy;

/**
 * Hands the signal that this process got on to what is running. Ctrl-C comes here twice, from the
 * terminal and from npm; a command that is closing must not get it again. No other one is started.
 */
export function passOn(signal) {
  const now = performance.now();
  if (now - lastSignalAt < SAME_SIGNAL_MS) return;
  lastSignalAt = now;
  interruptedBy = signal;
  for (const group of groups) send(group, signal);
}

/**
 * Runs a command and resolves to its output. A failure shows what it wrote.
 *
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeLimitMs?: number, onLine?: (line: string) => void }} [options]
 */
export function run(command, args, options = {}) {
  if (interruptedBy) return Promise.reject(new SetupError(`Interrupted by ${interruptedBy}`));
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    groups.add(child.pid);
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
        send(child.pid, 'SIGKILL');
      }, options.timeLimitMs);
    const finish = (problem) => {
      clearTimeout(timer);
      groups.delete(child.pid);
      if (problem === undefined) return resolve(lines.join('\n'));
      const shown = [command, ...args].join(' ');
      reject(new SetupError([`${shown}: ${problem}`, ...endsOf(lines)].join('\n  ')));
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
  if (interruptedBy) return Promise.reject(new SetupError(`Interrupted by ${interruptedBy}`));
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env, detached: true });
    groups.add(child.pid);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      groups.delete(child.pid);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** Whether a program of that name is on the PATH. */
export function hasProgram(name) {
  return spawnSync('sh', ['-c', `command -v "$0"`, name], { stdio: 'ignore' }).status === 0;
}

function endsOf(lines) {
  if (lines.length <= 2 * SHOWN_LINES) return lines;
  return [...lines.slice(0, SHOWN_LINES), '…', ...lines.slice(-SHOWN_LINES)];
}

function send(group, signal) {
  try {
    process.kill(-group, signal);
  } catch {
    // It has ended in the meantime, or never started.
  }
}
