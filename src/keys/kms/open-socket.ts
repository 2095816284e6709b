import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, type TLSSocket, connect as connectTls } from 'node:tls';
import type { SocksClientOptions } from 'socks';
import { InvalidKmsConfigError, MissingDependencyError } from '../../errors';
import type { KmsNetwork, KmsProxyOptions } from '../kms-network';

/** Whom a request goes to. */
export interface KmsTarget {
  /** The provider, as `kmsProviders` names it. */
  readonly provider: string;
  readonly host: string;
  readonly port: number;
}

/** Is thrown where a SOCKS5 proxy did not connect. It keeps the message of the cause, and not the password that the cause knows. */
export class ProxyError extends Error {}

/**
 * Opens a TLS connection to a KMS, whose certificate has been checked. It is closed when `signal` aborts.
 *
 * @throws {InvalidKmsConfigError} where a file of `tlsOptions` cannot be read.
 * @throws {MissingDependencyError} where a proxy is configured, and the package `socks` is not installed.
 */
export async function openSocket(
  target: KmsTarget,
  network: KmsNetwork,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const options = await tlsOptions(target, network);
  const stream = await openStream(target, network, signal);
  stream.on('error', () => undefined); // TLS reports it
  closeWith(signal, stream);
  const { host } = target;
  // An address has no server name; its certificate is checked all the same.
  const serverName = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectTls({ ...options, ...serverName, host, socket: stream });
  closeWith(signal, socket);
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined); // who reads or writes is told too
  return socket;
}

async function tlsOptions(
  { provider }: KmsTarget,
  { tlsOptionsOf }: KmsNetwork,
): Promise<ConnectionOptions> {
  const given = tlsOptionsOf(provider);
  const { tlsCAFile, tlsCertificateKeyFile, tlsCertificateKeyFilePassword, secureContext } = given;
  const where = `tlsOptions.${provider}`;
  const pem = await readPem(tlsCertificateKeyFile, `${where}.tlsCertificateKeyFile`);
  const ca = await readPem(tlsCAFile, `${where}.tlsCAFile`);
  return {
    minVersion: 'TLSv1.2',
    ...(secureContext && { secureContext }),
    ...(pem && { cert: pem, key: pem }),
    ...(ca && { ca }),
    ...(tlsCertificateKeyFilePassword !== undefined && {
      passphrase: tlsCertificateKeyFilePassword,
    }),
  };
}

/** Files are read for each request, so that a certificate may be renewed. */
async function readPem(path: string | undefined, where: string): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    throw new InvalidKmsConfigError({
      where,
      wrong: 'the file cannot be read.',
      remedy: 'Give the path of a file that this process may read.',
      cause,
    });
  }
}

async function openStream(
  { host, port }: KmsTarget,
  { connect, readProxy }: KmsNetwork,
  signal: AbortSignal,
): Promise<Duplex> {
  const proxy = readProxy();
  if (proxy !== undefined) return await throughProxy({ host, port }, proxy, signal);
  if (connect !== undefined) return await connect({ host, port, signal });
  const socket = connectTcp({ host, port });
  closeWith(signal, socket);
  await once(socket, 'connect');
  return socket;
}

async function throughProxy(
  destination: { readonly host: string; readonly port: number },
  { proxyHost, proxyPort = 1080, proxyUsername, proxyPassword }: KmsProxyOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  const { SocksClient } = loadSocks();
  const existing = connectTcp({ host: proxyHost, port: proxyPort });
  closeWith(signal, existing);
  await once(existing, 'connect');
  try {
    const { socket } = await SocksClient.createConnection({
      existing_socket: existing,
      command: 'connect',
      destination,
      proxy: {
        type: 5,
        host: proxyHost,
        port: proxyPort,
        ...(proxyUsername !== undefined && { userId: proxyUsername }),
        ...(proxyPassword !== undefined && { password: proxyPassword }),
      },
    });
    return socket;
  } catch (error) {
    throw new ProxyError(error instanceof Error ? error.message : 'the proxy did not connect');
  }
}

/** What the package `socks` exports, as far as it is needed here. */
interface Socks {
  readonly SocksClient: {
    createConnection(options: SocksClientOptions): Promise<{ readonly socket: Duplex }>;
  };
}

function loadSocks(): Socks {
  try {
    return createRequire(__filename)('socks') as Socks;
  } catch (cause) {
    throw new MissingDependencyError({
      where: 'proxyOptions',
      wrong: 'the package socks is not installed.',
      remedy: 'Install it with `npm install socks@2`.',
      cause,
    });
  }
}

function closeWith(signal: AbortSignal, stream: Duplex): void {
  const close = (): void => {
    stream.destroy();
  };
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });
}
