import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import { type Model, mongo } from 'mongoose';
import type { FieldEncryptionOptions } from '../../../src/index';
import { databaseUri } from '../../support/database';
import { openRig, type Rig } from '../../support/rig';
import { type Blueprint, isObjectShape } from './blueprint';
import { buildModel, forgetModel, type Loose } from './build-models';
import type { Refusals } from './documented';
import {
  elementsOf,
  type Ending,
  endingOf,
  expectSealed,
  isEndOfServer,
  readStored,
} from './observe';
import { isAssignedWhole, type Place, placesOf } from './places';

/** Where the stories of a file happen. */
export interface Stage {
  readonly rig: Rig;
  readonly twin: mongo.Db;
  /** The encrypted database as the driver's own automatic decryption shows it. */
  readonly decrypted: mongo.Db;
  close(): Promise<void>;
}

/** A pair of models at work. */
export interface World {
  readonly stage: Stage;
  readonly places: readonly Place[];
  readonly encrypted: Model<Loose>;
  readonly plain: Model<Loose>;
}

/** Opens databases for the stories of one file. */
export async function openStage(
  subject: string,
  handle: Partial<FieldEncryptionOptions> = {},
): Promise<Stage> {
  const rig = await openRig(`twin_${subject}`, { handle, connect: { monitorCommands: true } });
  const client = await mongo.MongoClient.connect(rig.uri, {
    autoEncryption: {
      bypassAutoEncryption: true,
      keyVaultNamespace: `${rig.databaseName}.__keyVault`,
      kmsProviders: { local: { key: rig.masterKey } },
    },
  });
  const twinClient = await mongo.MongoClient.connect(databaseUri(`${rig.databaseName}_twin`));
  return {
    rig,
    twin: twinClient.db(`${rig.databaseName}_twin`),
    decrypted: client.db(rig.databaseName),
    close: async () => {
      await client.close();
      await twinClient.close();
      await rig.close();
    },
  };
}

/** Makes both models of `blueprint`, stores `seeds` in both, and lets `story` happen. */
export async function inWorld(
  stage: Stage,
  { blueprint, seeds }: { readonly blueprint: Blueprint; readonly seeds: readonly object[] },
  story: (world: World) => Promise<void>,
): Promise<void> {
  const { rig } = stage;
  const world: World = {
    stage,
    places: placesOf(blueprint),
    encrypted: buildModel(blueprint, rig.connection, rig.fle),
    plain: buildModel(blueprint, rig.twinConnection, undefined),
  };
  try {
    await emptied(world);
    if (isIndexed(blueprint)) await indexed(world);
    if (seeds.length > 0) {
      await takeBoth(world, [], async (model) => await model.insertMany(copyOf(seeds) as Loose[]));
    }
    await story(world);
  } finally {
    if (isIndexed(blueprint)) await unindexed(world);
    forgetModel(blueprint, rig.connection);
    forgetModel(blueprint, rig.twinConnection);
  }
}

const isIndexed = ({ fields }: Blueprint): boolean =>
  Object.values(fields).some(({ traits }) => traits?.unique === true);

async function indexed({ encrypted, plain }: World): Promise<void> {
  await Promise.all([encrypted.createIndexes(), plain.createIndexes()]);
}

async function unindexed({ encrypted, plain }: World): Promise<void> {
  await Promise.all([encrypted.collection.dropIndexes(), plain.collection.dropIndexes()]);
}

/** Removes all documents, as soon as the server answers. */
async function emptied(world: World): Promise<void> {
  const { encrypted, plain } = world;
  try {
    await Promise.all([encrypted.deleteMany({}), plain.deleteMany({})]);
  } catch (error) {
    if (!isEndOfServer(error)) throw error;
    await setTimeout(500);
    await emptied(world);
  }
}

/**
 * Does the same to both models, and expects the same to come of it; or expects one of `refusals` where there are any, before anything is
 * sent. Tells whether both did it.
 */
export async function takeBoth(
  world: World,
  refusals: Refusals,
  attempt: (model: Model<Loose>) => Promise<unknown>,
): Promise<boolean> {
  const { rig } = world.stage;
  rig.wire.clear();
  const seen = await endingOf(async () => await attempt(world.encrypted));
  if ('refusal' in seen) {
    expectPredicted(seen, refusals);
    expect(rig.wire.names()).toEqual([]);
    return false;
  }
  const expected = await endingOf(async () => await attempt(world.plain));
  if (refusals.length > 0 && 'result' in expected) {
    throw new Error(`It was not refused with ${refusals.join(' or ')}, but gave ${inspect(seen)}`);
  }
  expectSameEnding(seen, expected);
  return true;
}

/** Expects an encrypted model to have refused what it should, and with the right code. */
export function expectPredicted(
  { refusal, message }: { readonly refusal: string; readonly message: string },
  refusals: Refusals,
): void {
  if (refusals.includes(refusal)) return;
  const predicted = refusals.length === 0 ? 'nothing' : refusals.join(' or ');
  throw new Error(
    `It was refused with ${refusal}, but the documentation says ${predicted}: ${message}`,
  );
}

/** Expects both to have ended alike; of errors of the server, the names, since its messages quote what it was sent. */
export function expectSameEnding(seen: Ending, expected: Ending): void {
  if ('result' in seen && 'result' in expected) {
    expect(seen.result).toStrictEqual(expected.result);
    return;
  }
  const told = [seen, expected].map((ending) => ('result' in ending ? 'a result' : ending.message));
  if (!('error' in seen && 'error' in expected && seen.error === expected.error)) {
    throw new Error(`The encrypted model: ${String(told[0])}; its twin: ${String(told[1])}`);
  }
  expect(seen.details).toStrictEqual(expected.details);
}

/** Expects ciphertext wherever it belongs, and behind it what the twin stores, down to the BSON types. */
export async function expectSameStored({ stage, places }: World): Promise<void> {
  const [sealed, opened, twin] = await Promise.all(
    [stage.rig.bare, stage.decrypted, stage.twin].map(readStored),
  );
  await expectSealed(stage.rig, places, sealed ?? []);
  const [seen, expected] = [opened ?? [], twin ?? []].map((documents) => {
    const versioned = places.some(isAssignedWhole) ? documents.map(withoutVersion) : documents;
    return withPlainNumbers(versioned, places);
  });
  expect(seen).toStrictEqual(expected);
}

/** `document` without its version. */
export function withoutVersion<T extends object>(document: T): T {
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== '__v')) as T;
}

/** As docs/operations.md says, a Deterministic Number is stored as int64, whatever its twin is stored as. */
function withPlainNumbers(documents: unknown, places: readonly Place[]): unknown {
  for (const { path, shape, standing } of places) {
    const type = isObjectShape(shape) || shape.kind === 'mixed' ? undefined : shape.type;
    if (standing !== 'Deterministic' || type !== 'Number') continue;
    changeAt(documents, path.replaceAll('.#', '').split('.'));
  }
  return documents;
}

function changeAt(value: unknown, segments: readonly string[]): void {
  const elements = elementsOf(value);
  if (elements !== undefined) {
    for (const item of elements) changeAt(item, segments);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const [head = '', ...tail] = segments;
  const holder = value as Record<string, unknown>;
  for (const key of head === '$*' ? Object.keys(holder) : [head]) {
    if (tail.length === 0) holder[key] = asNumbers(holder[key]);
    else changeAt(holder[key], tail);
  }
}

function asNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asNumbers);
  const isNumber = /^(?:Long|Int32|Double)$/.test(
    String((value as { readonly _bsontype?: unknown } | null | undefined)?._bsontype),
  );
  if (isNumber) return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asNumbers(inner)]));
}

/** A copy for one of the twins: Mongoose casts in place what it is given. */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date || value instanceof RegExp || Buffer.isBuffer(value)) return value;
  if ('_bsontype' in value) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, copyOf(inner as unknown)]);
  return Object.fromEntries(entries) as T;
}

/** Calls a method of `model` by its name. */
export async function call(
  model: Model<Loose>,
  method: string,
  ...given: readonly unknown[]
): Promise<unknown> {
  const methods = model as unknown as Record<string, (...all: readonly unknown[]) => unknown>;
  return await methods[method]?.(...given);
}
