import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { MongoBinary, MongoMemoryReplSet } from 'mongodb-memory-server-core';
import { DryMongoBinary } from 'mongodb-memory-server-core/lib/util/DryMongoBinary';
import { MongoBinaryDownloadUrl } from 'mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl';

import { isReachable } from './reachability';
import type { DatabaseSource } from './running-database';

/** A mongod that is on this machine, as a replica set of one member. */
export const installedMongod: DatabaseSource = {
  async find() {
    const path = await installedPath();
    return path && `MongoDB, from ${path}`;
  },
  prepare: () => Promise.resolve(),
  async start() {
    const systemBinary = await installedPath();
    // Any version that is installed will do: the check would only print a warning.
    return startReplicaSet({ ...(systemBinary && { systemBinary }), checkMD5: false });
  },
};

/** A mongod that mongodb-memory-server downloads, once, where the network lets it. */
export const downloadedMongod: DatabaseSource = {
  async find() {
    const { version } = DryMongoBinary.getEnsuredOptions();
    const kind = `MongoDB ${version}, by mongodb-memory-server`;
    if (await isDownloaded()) return kind;
    return (await canDownload()) ? kind : undefined;
  },
  async prepare(note) {
    if (await isDownloaded()) return;
    note('downloading MongoDB');
    await MongoBinary.getPath();
  },
  start: () => startReplicaSet({}),
};

async function startReplicaSet(
  binary: Record<string, unknown>,
): Promise<{ uri: string; stop: () => Promise<void> }> {
  const replicaSet = await MongoMemoryReplSet.create({
    binary,
    replSet: { count: 1, ip: '127.0.0.1', storageEngine: 'wiredTiger' },
  });
  return {
    uri: replicaSet.getUri(),
    stop: async () => {
      await replicaSet.stop();
    },
  };
}

async function installedPath(): Promise<string | undefined> {
  const named = process.env['MONGOMS_SYSTEM_BINARY'];
  if (named) return named;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'mongod');
    if (folder !== '' && (await isExecutable(path))) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function isDownloaded(): Promise<boolean> {
  return (await DryMongoBinary.locateBinary(DryMongoBinary.getEnsuredOptions())) !== undefined;
}

async function canDownload(): Promise<boolean> {
  try {
    const options = await DryMongoBinary.generateOptions();
    return await isReachable(new URL(await new MongoBinaryDownloadUrl(options).getDownloadUrl()));
  } catch {
    // There is no MongoDB for this platform.
    return false;
  }
}
