import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import mongoose from 'mongoose';

import { startDatabase } from '../../dev/database/start-database';
import { createApp } from './app';
import { databaseName, fle } from './fle';
import { Notes } from './note';
import { tellStory } from './story';

async function main(): Promise<void> {
  const database = await startDatabase();
  try {
    await mongoose.connect(database.uri, { dbName: databaseName });
    await Notes.init(); // the indexes
    if (!(await serve(tellStory))) process.exitCode = 1;
    await mongoose.connection.dropDatabase();
  } finally {
    await fle.close(mongoose.connection);
    await mongoose.disconnect();
    await database.stop();
  }
}

/** Serves while `use` asks. */
async function serve(use: (url: string) => Promise<boolean>): Promise<boolean> {
  const server = createServer(createApp()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    return await use(`http://127.0.0.1:${port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
