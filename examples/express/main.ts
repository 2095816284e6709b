import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { startDatabase } from '../../dev/database/start-database';
import { createApp } from './app';
import { type Clinic, openClinic } from './open-clinic';
import { seed } from './seed';
import { settings } from './settings';
import { tellStory } from './story/tell-story';

async function main(): Promise<void> {
  const database = await startDatabase();
  try {
    const clinic = await openClinic(database.uri);
    try {
      if (process.argv.includes('--once')) await tellOnce(clinic);
      else await serve(clinic);
    } finally {
      await clinic.close();
    }
  } finally {
    await database.stop();
  }
}

async function tellOnce(clinic: Clinic): Promise<void> {
  const everyCheckHeld = await tellStory(clinic);
  if (!everyCheckHeld) process.exitCode = 1;
}

/** Serves until a signal comes, then takes no new requests and finishes those under way. */
async function serve(clinic: Clinic): Promise<void> {
  await seed();
  const server = createServer(createApp(clinic)).listen(settings.port, settings.host);
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  console.log(`The clinic is open: http://${address}:${port}/  (Ctrl+C closes it)`);

  await askedToEnd();
  console.log('The clinic is closing.');
  server.close();
  const patience = setTimeout(() => {
    server.closeAllConnections();
  }, 2000);
  await once(server, 'close');
  clearTimeout(patience);
}

/** Resolves at the first signal; more of them, as a terminal and a parent both send, change nothing. */
function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        resolve();
      });
    }
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
