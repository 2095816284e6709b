import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { prepareDatabase, startDatabase } from '../../../dev/database/start-database';

const environment = { ...process.env };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mongoose-fle-mongod-'));
  for (const name of ['MONGODB_URI', 'MONGOMS_SYSTEM_BINARY']) {
    Reflect.deleteProperty(process.env, name);
  }
});

afterEach(() => {
  process.env = { ...environment };
  rmSync(folder, { recursive: true, force: true });
});

function putMongod(): string {
  const path = join(folder, 'mongod');
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  return path;
}

describe('startDatabase', () => {
  it('takes the database that MONGODB_URI names, and leaves it running', async () => {
    process.env['MONGODB_URI'] = 'mongodb://database.example/?replicaSet=set';
    process.env['MONGOMS_SYSTEM_BINARY'] = putMongod();
    const announced: string[] = [];

    const database = await startDatabase((text) => announced.push(text));

    expect(database.uri).toBe('mongodb://database.example/?replicaSet=set');
    expect(announced).toEqual([
      expect.stringMatching(/^Database: the one that MONGODB_URI names \(0\.\d s\)$/),
    ]);
    await expect(database.stop()).resolves.toBeUndefined();
  });
});

describe('prepareDatabase', () => {
  it('chooses the mongod that MONGOMS_SYSTEM_BINARY names', async () => {
    process.env['MONGOMS_SYSTEM_BINARY'] = putMongod();

    expect(await prepareDatabase(() => undefined)).toBe(`MongoDB, from ${folder}/mongod`);
  });

  it('chooses a mongod on the PATH, if it can be run', async () => {
    process.env['PATH'] = `/nowhere:${folder}`;
    putMongod();

    expect(await prepareDatabase(() => undefined)).toBe(`MongoDB, from ${folder}/mongod`);
  });
});
