import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const CONNECT_LIMIT_MS = 3000;
/** A closed network is not asked again for this long. */
const REMEMBERED_MS = 12 * 60 * 60_000;

/**
 * Whether a server, or the proxy to it, answers a connection within seconds. That it does not is
 * remembered.
 */
export async function isReachable(url: URL, cache = cacheFolder()): Promise<boolean> {
  const note = join(cache, 'unreachable', url.hostname);
  if (await isRecent(note)) return false;
  const proxy = process.env['HTTPS_PROXY'] ?? process.env['https_proxy'];
  const door = proxy ? new URL(proxy) : url;
  const isOpen = await connects(door.hostname, Number(door.port) || 443);
  await mkdir(dirname(note), { recursive: true });
  if (isOpen) await rm(note, { force: true });
  else await writeFile(note, '');
  return isOpen;
}

async function isRecent(path: string): Promise<boolean> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs < REMEMBERED_MS,
    () => false,
  );
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const answer = (isOpen: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isOpen);
    };
    // Looking the name up counts as well, so this is not the socket's own time limit.
    const timer = setTimeout(answer, CONNECT_LIMIT_MS, false);
    socket.once('connect', () => {
      answer(true);
    });
    socket.once('error', () => {
      answer(false);
    });
  });
}

/** As in dev/setup/cache-folder.mjs, which cannot be imported from a CommonJS module. */
function cacheFolder(): string {
  const own = process.env['MONGOOSE_FLE_CACHE'];
  if (own) return own;
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mongoose-fle');
}
