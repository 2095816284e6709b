import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isReachable } from '../../../dev/database/reachability';

const proxies = ['HTTPS_PROXY', 'https_proxy'];
const environment = { ...process.env };

let server: Server;
let url: URL;
let cache: string;

beforeEach(async () => {
  for (const name of proxies) Reflect.deleteProperty(process.env, name);
  cache = mkdtempSync(join(tmpdir(), 'mongoose-fle-reachability-'));
  server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/file`);
});

afterEach(async () => {
  process.env = { ...environment };
  await new Promise((resolve) => server.close(resolve));
  rmSync(cache, { recursive: true, force: true });
});

describe('isReachable', () => {
  it('asks each time while the server answers', async () => {
    expect(await isReachable(url, cache)).toBe(true);
    expect(await isReachable(url, cache)).toBe(true);
  });

  it('remembers that a server does not answer', async () => {
    const { port } = url;
    await new Promise((resolve) => server.close(resolve));
    expect(await isReachable(url, cache)).toBe(false);

    await new Promise<void>((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
    expect(await isReachable(url, cache)).toBe(false);
    rmSync(cache, { recursive: true });
    expect(await isReachable(url, cache)).toBe(true);
  });

  it('asks the proxy when there is one', async () => {
    process.env['HTTPS_PROXY'] = url.origin;

    expect(await isReachable(new URL('https://no-such-host.invalid/'), cache)).toBe(true);
  });
});
