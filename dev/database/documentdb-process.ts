import { startGateway } from '../gateway/start-gateway';
import { startPostgres } from './postgres';

// Serves DocumentDB until the standard input ends: `documentdb-process.ts <root> [port]`.

async function main([root, port]: readonly string[]): Promise<void> {
  if (root === undefined) throw new Error('Usage: documentdb-process.ts <root> [port]');
  // Ctrl-C reaches the whole group: whoever started this one ends it, when it has closed its own.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

  const postgres = await startPostgres(root);
  const { address } = postgres;
  const gateway = await startGateway({ postgres: address, port: port ? Number(port) : undefined });
  const stop = (): void => {
    void gateway
      .close()
      .then(() => postgres.stop())
      .finally(() => process.exit());
  };
  process.on('SIGTERM', stop);
  process.stdin.on('end', stop).on('error', stop).resume();
  process.stdout.on('error', stop);
  postgres.onExit((reason) => {
    console.error(`PostgreSQL has ended: ${reason}`);
    process.exit(1);
  });
  console.log(`Listening: mongodb://127.0.0.1:${gateway.port}/`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
