import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { mongo } from 'mongoose';

import { type Postgres, startPostgres } from '../../../dev/database/postgres';
import { type Gateway, startGateway } from '../../../dev/gateway/start-gateway';
import { databaseFeatures } from '../../support/database';

const onlyGateway = databaseFeatures().gateway ? describe : describe.skip;
const PROJECT = join(__dirname, '..', '..', '..');

/** Without the variable, so that a database of its own is started. */
const environment: NodeJS.ProcessEnv = { ...process.env, MONGODB_URI: '' };

async function startProcess(): Promise<{ child: ChildProcess; uri: string }> {
  const program = join('dev', 'database', 'main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program], {
    cwd: PROJECT,
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const uri = /^MONGODB_URI=(.*)$/.exec(line)?.[1];
    if (uri !== undefined) return { child, uri };
  }
  throw new Error('The database did not start');
}

async function canConnect(uri: string): Promise<boolean> {
  const client = new mongo.MongoClient(uri, { serverSelectionTimeoutMS: 200 });
  try {
    await client.db('admin').command({ ping: 1 });
    return true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}

/** The processes of a group of databases: those whose ancestors include one of `pids`. */
function descendantsOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = readFileSync(`/proc/${name}/stat`, 'utf8');
        return [
          {
            pid: Number(name),
            parent: Number(status.slice(status.lastIndexOf(')')).split(' ')[2]),
          },
        ];
      } catch {
        return [];
      }
    });
  const found = [pid];
  for (const one of found) found.push(...parents.filter((p) => p.parent === one).map((p) => p.pid));
  return found.slice(1);
}

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

onlyGateway('the database process', () => {
  it.each<NodeJS.Signals>(['SIGKILL', 'SIGINT', 'SIGTERM'])(
    'leaves no process behind when whoever started it gets %s',
    async (signal) => {
      const { child, uri } = await startProcess();
      const pids = descendantsOf(child.pid ?? 0);
      expect(pids.length).toBeGreaterThan(4);
      expect(await canConnect(uri)).toBe(true);

      child.kill(signal);
      for (let tries = 0; tries < 50 && pids.some(isRunning); tries += 1) await sleep(100);

      expect(pids.filter(isRunning)).toEqual([]);
      expect(await canConnect(uri)).toBe(false);
    },
    20_000,
  );

  it('runs beside another one, with data of its own', async () => {
    const started = await Promise.all([startProcess(), startProcess()]);
    const clients = started.map(({ uri }) => new mongo.MongoClient(uri));
    const [first, second] = clients.map((client) => client.db('same').collection('items'));
    await first?.insertOne({ a: 1 });

    expect(started[0].uri).not.toBe(started[1].uri);
    expect(await second?.countDocuments()).toBe(0);
    await Promise.all(clients.map((client) => client.close()));
    for (const { child } of started) child.kill();
  }, 20_000);
});

onlyGateway('gateway: time limits', () => {
  let postgres: Postgres;
  let gateway: Gateway;
  let client: mongo.MongoClient;

  beforeAll(async () => {
    const output = execFileSync(process.execPath, [
      join(PROJECT, 'dev', 'setup.mjs'),
      'documentdb',
    ]);
    postgres = await startPostgres((JSON.parse(output.toString()) as { root: string }).root);
    gateway = await startGateway({
      postgres: postgres.address,
      transactions: { lifetimeMs: 300 },
      cursorIdleLimitMs: 300,
    });
    client = await mongo.MongoClient.connect(`mongodb://127.0.0.1:${gateway.port}`);
  }, 30_000);

  afterAll(async () => {
    await client.close();
    await gateway.close();
    await postgres.stop();
  });

  it('rolls an abandoned transaction back', async () => {
    const items = client.db('limits').collection<{ _id: number; n: number }>('items');
    await items.insertOne({ _id: 1, n: 1 });
    const session = client.startSession();
    session.startTransaction();
    await items.updateOne({ _id: 1 }, { $set: { n: 2 } }, { session });

    // It holds a lock on the document, which this waits for.
    await items.updateOne({ _id: 1 }, { $inc: { n: 10 } });

    expect(await items.findOne()).toEqual({ _id: 1, n: 11 });
    await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 });
    await session.endSession();
  });

  it('closes an idle cursor', async () => {
    const items = client.db('limits').collection('many');
    await items.insertMany(Array.from({ length: 100 }, (__, n) => ({ n })));
    const cursor = items.find().sort({ n: -1 }).batchSize(10);
    await cursor.next();
    await sleep(700);

    await expect(cursor.toArray()).rejects.toMatchObject({ code: 43 });
  });
});
