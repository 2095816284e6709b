import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mongo, Mongoose } from 'mongoose';
import { KEY } from './contenders/mongoose-contender';
import { startDatabaseProcess } from './database-process';
import { describeMachine, machineLines } from './machine';
import { chartOf } from './report/chart';
import { tableOf } from './report/table';
import type { Place, Suite, SuiteFigures } from './suite';
import { eventLoop } from './suites/event-loop';
import { growthInDocuments, growthInFields } from './suites/growth';
import { memory } from './suites/memory';
import { others } from './suites/others';
import { reads } from './suites/reads';
import { values } from './suites/values';
import { writes } from './suites/writes';

// What encryption costs. Run it with `npm run bench`, on a machine that does nothing else; README.md says more.

const SUITES: readonly Suite[] = [
  values,
  reads,
  writes,
  growthInFields,
  growthInDocuments,
  eventLoop,
  memory,
  others,
];

async function main(): Promise<void> {
  const { values: given } = parseArgs({
    options: {
      suite: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      out: { type: 'string' },
    },
  });
  const unknown = given.suite.filter((name) => SUITES.every((suite) => suite.name !== name));
  if (unknown.length > 0) {
    const names = SUITES.map(({ name }) => name).join(', ');
    throw new Error(`There is no suite ${unknown.join(', ')}. The suites are ${names}.`);
  }
  const chosen = SUITES.filter(
    ({ name }) => given.suite.length === 0 || given.suite.includes(name),
  );
  const machine = describeMachine();
  for (const line of machineLines(machine)) console.log(line);
  const figures = await runSuites(chosen, given.quick);
  if (given.out === undefined) return;
  await mkdir(given.out, { recursive: true });
  const text = `${JSON.stringify({ machine, suites: figures }, undefined, 2)}\n`;
  await writeFile(join(given.out, 'figures.json'), text);
  for (const suite of figures) {
    await writeFile(join(given.out, `${suite.name}.svg`), `${chartOf(suite)}\n`);
  }
}

async function runSuites(suites: readonly Suite[], quick: boolean): Promise<SuiteFigures[]> {
  const database = await startDatabaseProcess();
  const dbName = `bench_${randomBytes(4).toString('hex')}`;
  const masterKey = randomBytes(96);
  const keyVaultNamespace = `${dbName}.__keyVault`;
  const connection = await new Mongoose().createConnection(database.uri, { dbName }).asPromise();
  const place: Place = {
    uri: database.uri,
    dbName,
    masterKey,
    keyVaultNamespace,
    quick,
    connection,
  };
  try {
    await createKey(place);
    const figures: SuiteFigures[] = [];
    for (const suite of suites) {
      const found = await suite.run(place);
      console.log(`\n${tableOf(found)}`);
      figures.push(found);
    }
    return figures;
  } finally {
    await connection.dropDatabase();
    await connection.close();
    database.stop();
  }
}

async function createKey({ connection, masterKey, keyVaultNamespace }: Place): Promise<void> {
  const clientEncryption = new mongo.ClientEncryption(connection.getClient(), {
    keyVaultNamespace,
    kmsProviders: { local: { key: masterKey } },
  });
  await clientEncryption.createDataKey('local', { keyAltNames: [KEY] });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
