import { randomBytes } from 'node:crypto';
import { availableParallelism, cpus, loadavg } from 'node:os';
import Table from 'cli-table3';
import mongoose, { version } from 'mongoose';
import { MongoCrypt } from 'mongodb-client-encryption';
import { startDatabase } from '../dev/database/start-database';
import { DOCUMENTS, FIELDS, measureFind } from './find';
import type { Timing } from './measure';
import { measureValues, VALUES } from './values';

// What encryption costs: value by value, and in a find. Run it with `npm run bench`, on a machine that does nothing else.

async function main(): Promise<void> {
  printMachine();
  const database = await startDatabase();
  const dbName = `bench_${randomBytes(4).toString('hex')}`;
  const where = { key: randomBytes(96), keyVaultNamespace: `${dbName}.__keyVault` };
  try {
    const { connection } = await mongoose.connect(database.uri, { dbName });
    try {
      const values = await measureValues(connection, where);
      console.log(`\nValues: µs per value, ${VALUES} values a round`);
      const rows = values.flatMap(({ what, batch, timings }) =>
        rowsOf(timings, { label: `${what}, batches of ${batch}`, perMillisecond: 1000 / VALUES }),
      );
      print(['', 'contender', 'median µs', 'minimum µs', 'against ours'], rows);
      const found = await measureFind({ uri: database.uri, dbName, ...where });
      console.log(
        `\nfind().lean(): ms for ${DOCUMENTS} documents of ${FIELDS.length} encrypted fields`,
      );
      print(
        ['', 'contender', 'median ms', 'minimum ms', 'against ours'],
        rowsOf(found, { label: 'find().lean()', perMillisecond: 1 }),
      );
    } finally {
      await connection.dropDatabase();
      await mongoose.disconnect();
    }
  } finally {
    await database.stop();
  }
}

function printMachine(): void {
  const { versions, platform, arch } = process;
  const [load = 0] = loadavg();
  const cores = availableParallelism();
  console.log(
    `Node.js ${versions.node} on ${platform} ${arch}, ${cores} × ${cpus()[0]?.model ?? 'CPU'}`,
  );
  const { libmongocryptVersion } = MongoCrypt as unknown as {
    readonly libmongocryptVersion: string;
  };
  console.log(`Mongoose ${version}, libmongocrypt ${libmongocryptVersion}`);
  console.log(`Load at the start: ${load.toFixed(2)}`);
  if (load > cores / 2) console.log('The machine is at work: these figures will say little.');
}

interface Scale {
  readonly label: string;
  readonly perMillisecond: number;
}

function rowsOf(timings: readonly Timing[], { label, perMillisecond }: Scale): string[][] {
  const ours = timings.find(({ name }) => name === 'ours')?.median ?? Number.NaN;
  return timings.map(({ name, median, minimum }) => [
    label,
    name,
    (median * perMillisecond).toFixed(1),
    (minimum * perMillisecond).toFixed(1),
    `${(median / ours).toFixed(2)} ×`,
  ]);
}

function print(head: string[], rows: string[][]): void {
  const table = new Table({
    head,
    colAligns: ['left', 'left', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows);
  console.log(table.toString());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
