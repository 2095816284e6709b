import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** The address at which a virtual machine of Azure is told its credentials. Source: "Azure Instance Metadata Service". */
const ADDRESS = '169.254.169.254';

/** The service that tells a virtual machine its credentials. */
export interface MetadataService {
  /** What it was asked, as method, path and the header `Metadata`. */
  readonly log: string[];
  close(): Promise<void>;
}

/**
 * Starts the service on the loopback. Every request of this process over plain HTTP to its address is led there, by the agent that Node
 * sends requests by.
 */
export async function startMetadataService(
  answer: (response: ServerResponse) => void,
): Promise<MetadataService> {
  const log: string[] = [];
  const server = http.createServer((request: IncomingMessage, response) => {
    log.push([request.method, request.url, request.headers['metadata']].join(' '));
    answer(response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const { globalAgent } = http;
  http.globalAgent = Object.assign(new http.Agent(), {
    createConnection: ({ host }: { host: string }) => {
      if (host !== ADDRESS) throw new Error(`a test sends a request to ${host}`);
      return connect(port, '127.0.0.1');
    },
  });
  return {
    log,
    close: async () => {
      http.globalAgent = globalAgent;
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
