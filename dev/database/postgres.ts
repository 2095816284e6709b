import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { PostgresAddress } from '../gateway/sql';

export interface Postgres {
  readonly address: PostgresAddress;
  /** Calls back when the server ends without having been stopped. */
  onExit(callback: (reason: string) => void): void;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 30_000;
const LAST_LINES = 20;

/** The data are thrown away, so nothing waits for the disk. */
const SETTINGS = {
  listen_addresses: '',
  unix_socket_directories: '/sockets',
  max_connections: '120',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Racing writers are told at once, and run again by the gateway.
  deadlock_timeout: '100ms',
  'cron.host': '/sockets',
  'documentdb.localhost_connection_string': 'host=/sockets',
  // The rest of a sorted result stands in a file, so that a cursor needs no connection.
  'documentdb.useFileBasedPersistedCursors': 'on',
  'documentdb.defaultCursorExpiryTimeLimitSeconds': '900',
  'documentdb_core.enableCollation': 'on',
};

/**
 * The data directory is a copy of the template on a file system in memory. The mounts are in a
 * namespace of their own, so that several servers run from one root, and none leaves a mount behind.
 * The shell stays as the first process of its process namespace: when it ends, all others do.
 */
const SERVE = `
set -e
root=$1; sockets=$2; shift 2
mount -t tmpfs tmpfs "$root/data"
cp -a "$root/template/." "$root/data"
chroot "$root" chown postgres:postgres /data
chmod 700 "$root/data"
mount --bind "$sockets" "$root/sockets"
chroot "$root" chown postgres:postgres /sockets
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"
chroot --userspec=postgres:postgres "$root" /usr/lib/postgresql/18/bin/postgres -D /data "$@" &
wait $!
`;

/** Starts PostgreSQL with DocumentDB from the root that the set-up built. */
export async function startPostgres(root: string): Promise<Postgres> {
  const sockets = await mkdtemp(join(tmpdir(), 'mongoose-fle-database-'));
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // The kernel kills the shell, and so the whole namespace, when this process ends in any way.
  const isolated = ['--mount', '--pid', '--ipc', '--fork', '--kill-child'];
  const serving = ['sh', '-c', SERVE, 'serve', root, sockets, ...settings];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...isolated, ...serving], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await ready(child);
  } catch (error) {
    child.kill('SIGKILL');
    await rm(sockets, { recursive: true, force: true });
    throw error;
  }
  return {
    address: { host: sockets, port: 5432, user: 'postgres', database: 'postgres' },
    onExit: (callback) => {
      child.once('exit', (code, signal) => {
        callback(signal ?? `code ${String(code)}`);
      });
    },
    async stop() {
      child.removeAllListeners('exit');
      await killed(child);
      await rm(sockets, { recursive: true, force: true });
    },
  };
}

/** Resolves when the server accepts connections; rejects with the last that it said. */
function ready(child: ChildProcess): Promise<void> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    const fail = (problem: string): void => {
      clearTimeout(timer);
      reject(new Error([`PostgreSQL did not start: ${problem}`, ...lines].join('\n  ')));
    };
    const timer = setTimeout(fail, START_LIMIT_MS, `not ready after ${START_LIMIT_MS} ms`);
    child.once('error', (error) => {
      fail(error.message);
    });
    child.once('exit', (code, signal) => {
      fail(`ended with ${signal ?? `code ${String(code)}`}`);
    });
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      lines.splice(0, lines.length - LAST_LINES);
      if (!line.includes('ready to accept connections')) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** There is nothing to save, so it is not asked to shut down. */
function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.kill('SIGKILL');
  });
}
