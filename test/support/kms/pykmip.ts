import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Authority, Certificate } from './certificates';

/** Where PyKMIP is. */
export interface PyKmip {
  readonly python: string;
  readonly modules: string;
}

/** A running server of PyKMIP, on the loopback. */
export interface PyKmipServer {
  readonly port: number;
  stop(): Promise<void>;
}

const PROJECT = join(__dirname, '..', '..', '..');
const START_MS = 15_000;

/** PyKMIP as the project's set-up provides it; undefined where it cannot. */
export function findPyKmip(): PyKmip | undefined {
  const setup = spawnSync(process.execPath, [join('dev', 'setup.mjs'), 'pykmip'], { cwd: PROJECT });
  if (setup.status !== 0) throw new Error(setup.stderr.toString());
  const { pykmip } = JSON.parse(setup.stdout.toString()) as { pykmip: PyKmip | null };
  return pykmip ?? undefined;
}

/** Starts a server that shows `certificate`, and lets in whom `authority` knows. */
export async function startPyKmip(
  { python, modules }: PyKmip,
  authority: Authority,
  certificate: Certificate,
): Promise<PyKmipServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mongoose-fle-pykmip-'));
  const path = (name: string): string => join(folder, name);
  const port = await freePort();
  mkdirSync(path('policy'));
  writeFileSync(
    path('server.conf'),
    `[server]
hostname=127.0.0.1
port=${port}
certificate_path=${certificate.file}
key_path=${certificate.file}
ca_path=${authority.caFile}
auth_suite=TLS1.2
policy_path=${path('policy')}
enable_tls_client_auth=True
tls_cipher_suites=
logging_level=WARNING
database_path=${path('objects.db')}
`,
  );
  const program = `
from kmip.services.server import KmipServer
server = KmipServer(config_path=${JSON.stringify(path('server.conf'))}, log_path=${JSON.stringify(path('server.log'))})
with server:
    server.serve()
`;
  const child = spawn(python, ['-W', 'ignore', '-c', program], {
    env: { ...process.env, PYTHONPATH: modules, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: 'ignore',
  });
  await untilListening(port, child);
  return {
    port,
    stop: async () => {
      const exit = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await exit;
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const end = Date.now() + START_MS;
  while (child.exitCode === null && Date.now() < end) {
    const socket = connect(port, '127.0.0.1');
    const listens = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (listens) return;
    await pause(100);
  }
  child.kill('SIGKILL');
  throw new Error('PyKMIP did not start');
}
