import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** A SOCKS5 proxy on the loopback that asks for a name and a password, and leads every host to one port. */
export interface SocksProxy {
  readonly port: number;
  /** The hosts that were asked for, as `host:port`. */
  readonly log: string[];
  close(): Promise<void>;
}

/** Who may use the proxy. */
export interface ProxyUser {
  readonly name: string;
  readonly password: string;
}

/** Source: RFC 1928 and RFC 1929. */
export async function startSocksProxy(user: ProxyUser, target: number): Promise<SocksProxy> {
  const log: string[] = [];
  const sockets = new Set<Socket>();
  const serve = async (socket: Socket): Promise<void> => {
    await next(socket); // the ways of authentication that are offered
    socket.write(Buffer.from([5, 2]));
    const login = await next(socket);
    const end = 2 + login.readUInt8(1);
    const name = login.subarray(2, end).toString();
    const isKnown = name === user.name && login.subarray(end + 1).toString() === user.password;
    socket.write(Buffer.from([1, isKnown ? 0 : 1]));
    if (!isKnown) return;
    const request = await next(socket);
    const host = request.subarray(5, 5 + request.readUInt8(4));
    log.push(`${host.toString()}:${request.readUInt16BE(5 + host.length)}`);
    const upstream = connect(target, '127.0.0.1');
    sockets.add(upstream);
    await once(upstream, 'connect');
    socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.pipe(socket).pipe(upstream);
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    void serve(socket).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    log,
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function next(socket: Socket): Promise<Buffer> {
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk;
}
