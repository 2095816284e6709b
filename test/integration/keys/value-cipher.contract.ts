import { setImmediate as nextTurn } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import type { Binary, BsonReadOptions } from '../../../src/codec/bson';
import { Algorithm, type AlgorithmName } from '../../../src/declaration/algorithm';
import {
  DecryptionFailedError,
  EncryptionFailedError,
  KeyNotFoundError,
  KeyVaultUnavailableError,
} from '../../../src/errors';
import { markingSuffix, markingsDocument } from '../../../src/keys/batch-documents';
import { keyNamed } from '../../../src/keys/key-ref';
import type { KeyRing } from '../../../src/keys/key-ring';
import { readKeyConfig } from '../../../src/keys/key-config';
import { openNativeCrypt } from '../../../src/keys/native-crypt';
import {
  MASTER_KEY,
  type TestVault,
  allOf,
  driver,
  firstOf,
  openTestVault,
  plain,
} from './test-vault';

const { BSON: bson } = driver;

/** Values of every BSON type that can be encrypted, and whether they can be under the deterministic algorithm. */
const VALUES: readonly (readonly [type: string, value: unknown, deterministic: boolean])[] = [
  ['double', new bson.Double(1.5), false],
  ['double that is whole', new bson.Double(3), false],
  ['double that is negative zero', new bson.Double(-0), false],
  ['double that is no number', new bson.Double(NaN), false],
  ['string', 'Zoë 😀', true],
  ['empty string', '', true],
  [
    'object',
    { a: bson.Long.fromNumber(1), b: [null, Buffer.from('c'), { d: new bson.Int32(2) }] },
    false,
  ],
  ['empty object', {}, false],
  ['array', ['a', new bson.Double(2), new Date(0)], false],
  ['empty array', [], false],
  ['binary', new bson.Binary(Buffer.from('bytes')), true],
  ['empty binary', new bson.Binary(Buffer.alloc(0)), true],
  ["binary of a user's subtype", new bson.Binary(Buffer.from('b'), 128), true],
  ['uuid', new bson.UUID('c8edabc3-f738-4ca3-b68d-ab92a91478a3'), true],
  ['objectId', new bson.ObjectId('507f1f77bcf86cd799439011'), true],
  ['boolean', false, false],
  ['date', new Date(-1), true],
  ['regular expression', new bson.BSONRegExp('a.c', 'i'), true],
  ['code', new bson.Code('f()'), true],
  ['symbol', new bson.BSONSymbol('s'), true],
  ['code with scope', new bson.Code('f()', { a: 1 }), false],
  ['int32', new bson.Int32(-42), true],
  ['timestamp', new bson.Timestamp({ t: 7, i: 9 }), true],
  ['int64', bson.Long.fromNumber(42), true],
  ['int64 that no number holds', bson.Long.fromString('9223372036854775807'), true],
  ['decimal128', bson.Decimal128.fromString('0.10'), false],
];

const CELLS = VALUES.flatMap(([type, value, deterministic]) => [
  ...(deterministic ? [[type, 'Deterministic', value] as const] : []),
  [type, 'Random', value] as const,
]);

const READ_OPTIONS: readonly BsonReadOptions[] = [
  {},
  { promoteValues: false },
  { promoteLongs: false },
  { promoteBuffers: true },
  { useBigInt64: true },
  { bsonRegExp: true },
  { promoteValues: undefined, promoteBuffers: true, bsonRegExp: true },
];

/** What a cipher of this contract is. */
export interface CipherUnderTest {
  readonly name: string;
  readonly batches: boolean;
}

/** The value as the driver reads it where it is not encrypted. */
function asReadPlain(value: unknown, options: BsonReadOptions = {}): unknown {
  const document = bson.deserialize(bson.serialize({ v: value }), options) as {
    v: unknown;
  };
  return document.v;
}

function flipped(ciphertext: Binary, at: number): Binary {
  const bytes = Buffer.from(ciphertext.value());
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return new bson.Binary(bytes, 6);
}

/** Holds for every `ValueCipher` on a real key vault. */
export function describeValueCipher({ name, batches }: CipherUnderTest): void {
  describe(name, () => {
    let vault: TestVault;
    let ring: KeyRing;
    let bare: mongo.ClientEncryption;

    async function encryptAll(
      values: readonly unknown[],
      algorithm?: AlgorithmName,
    ): Promise<Binary[]> {
      const outcome = await ring.cipher.encrypt(
        values.map((value) => plain(value, 'pii', algorithm)),
        'write',
      );
      return allOf(outcome);
    }

    async function encryptBare(value: unknown, algorithm: AlgorithmName): Promise<Binary> {
      return bare.encrypt(value, { keyAltName: 'pii', algorithm: Algorithm[algorithm] });
    }

    /** As some other program may, which does not look at what it encrypts. */
    async function encryptPastAllChecks(value: unknown): Promise<Binary> {
      const config = readKeyConfig({
        keyVaultNamespace: vault.namespace,
        kmsProviders: { local: { key: MASTER_KEY } },
      });
      const native = openNativeCrypt({ driver, client: vault.client, config });
      const suffix = markingSuffix('Random', keyNamed('pii'));
      const document = markingsDocument([{ bytes: bson.serialize({ v: value }), suffix }]);
      const keys = await vault.keys.find({ keyAltNames: 'pii' }).toArray();
      if (native === undefined) throw new Error('the inner parts of the driver are missing');
      await native.execute(native.encryption(document), keys);
      const output = native.finish(native.encryption(document)) ?? new Uint8Array();
      return firstOf((bson.deserialize(output) as { v: Binary[] }).v);
    }

    beforeAll(async () => {
      vault = await openTestVault('cipher');
      ring = vault.openRing({ batches, declared: ['pii', 'other'] });
      bare = vault.bareEncryption();
      await ring.bootstrap([]);
    });

    afterAll(() => vault.close());

    describe("against the driver's ClientEncryption", () => {
      it.each(CELLS)('encrypts %s under %s so that it reads it', async (_, algorithm, value) => {
        const ciphertext = firstOf(await encryptAll([value], algorithm));

        expect(ciphertext.sub_type).toBe(6);
        expect(await bare.decrypt(ciphertext)).toStrictEqual(asReadPlain(value));
      });

      it.each(CELLS)('reads %s that it encrypted under %s', async (_, algorithm, value) => {
        const outcome = await ring.cipher.decrypt([await encryptBare(value, algorithm)], {});

        expect(outcome).toEqual({ values: [asReadPlain(value)], failures: new Map() });
      });

      it('writes its deterministic ciphertexts byte for byte', async () => {
        const values = VALUES.filter(([, , deterministic]) => deterministic).map(
          ([, value]) => value,
        );
        const together = await encryptAll(values);

        for (const [index, value] of values.entries()) {
          const alone = firstOf(await encryptAll([value]));
          const expected = Buffer.from((await encryptBare(value, 'Deterministic')).value());
          expect(Buffer.from(together[index]?.value() ?? [])).toEqual(expected);
          expect(Buffer.from(alone.value())).toEqual(expected);
        }
      });

      it.each(['Deterministic', 'Random'] as const)(
        'reads what was encrypted under %s, many at once',
        async (algorithm) => {
          const cells = CELLS.filter(([, name]) => name === algorithm);
          const ciphertexts = await encryptAll(
            cells.map(([, , value]) => value),
            algorithm,
          );

          const read = await Promise.all(ciphertexts.map((each) => bare.decrypt(each)));
          expect(read).toStrictEqual(cells.map(([, , value]) => asReadPlain(value)));
        },
      );
    });

    describe('read options', () => {
      const scalars = VALUES.filter(([type]) => !/object$|array|scope/.test(type)).map(
        ([, value]) => value,
      );
      const holders = VALUES.filter(([type]) => /object$|array|scope/.test(type)).map(
        ([, value]) => value,
      );

      it.each(READ_OPTIONS)(
        'hands scalars out as the driver hands out plain ones under %j',
        async (options) => {
          const { values, failures } = await ring.cipher.decrypt(
            await encryptAll(scalars, 'Random'),
            options,
          );

          expect(failures).toEqual(new Map());
          expect(values).toStrictEqual(scalars.map((value) => asReadPlain(value, options)));
        },
      );

      it.each(batches ? READ_OPTIONS : [{}])(
        'hands values that hold others out as the driver hands out plain ones under %j',
        async (options) => {
          const { values, failures } = await ring.cipher.decrypt(
            await encryptAll(holders, 'Random'),
            options,
          );

          expect(failures).toEqual(new Map());
          expect(values).toStrictEqual(holders.map((value) => asReadPlain(value, options)));
        },
      );
    });

    describe('values that cannot be encrypted', () => {
      const refused = VALUES.filter(([, , deterministic]) => !deterministic);

      it.each(refused)('refuses %s under Deterministic, by its place', async (_, value) => {
        const { values, failures } = await ring.cipher.encrypt(
          [plain('a'), plain(value), plain(value, 'pii', 'Random')],
          'write',
        );

        expect(values.map((ciphertext) => ciphertext?.sub_type)).toEqual([6, undefined, 6]);
        expect([...failures.keys()]).toEqual([1]);
        expect(failures.get(1)).toBeInstanceOf(EncryptionFailedError);
        expect(failures.get(1)).toMatchObject({
          code: 'FLE_ENCRYPTION_FAILED',
          keyAltName: 'pii',
          message:
            'mongoose-fle: the value is of a BSON type that has no deterministic encryption. Encrypt another value, or declare the field differently.',
        });
      });

      it.each([
        ['null', null],
        ['minKey', new bson.MinKey()],
        ['maxKey', new bson.MaxKey()],
      ])('refuses %s under both algorithms', async (_, value) => {
        const { failures } = await ring.cipher.encrypt(
          [plain(value), plain(value, 'pii', 'Random')],
          'write',
        );

        expect([...failures.values()].map((error) => (error as Error).message)).toEqual(
          new Array(2).fill(
            'mongoose-fle: the value is of a BSON type that cannot be encrypted, such as null or undefined. Encrypt another value, or declare the field differently.',
          ),
        );
      });

      it('refuses ciphertext', async () => {
        const { failures } = await ring.cipher.encrypt(
          [plain(new bson.Binary(Buffer.from([1]), 6), 'pii', 'Random')],
          'write',
        );

        expect(failures.get(0)).toMatchObject({
          code: 'FLE_ENCRYPTION_FAILED',
          message:
            'mongoose-fle: the value is ciphertext already. Encrypt another value, or declare the field differently.',
        });
      });

      it('refuses a key name that libmongocrypt would cut off', async () => {
        const { failures } = await ring.cipher.encrypt([plain('a', 'pii\0other')], 'write');

        expect(failures.get(0)).toMatchObject({
          code: 'FLE_ENCRYPTION_FAILED',
          message:
            'mongoose-fle: keyAltName holds a NUL character. Encrypt another value, or declare the field differently.',
        });
      });
    });

    describe('ciphertexts that cannot be decrypted', () => {
      it('names those that were altered by their places, and reads the others', async () => {
        const ciphertexts = await encryptAll(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
        const tampered = ciphertexts.map((ciphertext, place) =>
          place % 3 === 1 ? flipped(ciphertext, 40) : ciphertext,
        );
        const { values, failures } = await ring.cipher.decrypt(tampered, {});
        const keyId = new bson.UUID(ciphertexts[0]?.value().subarray(1, 17)).toHexString();

        expect(values).toEqual(['a', undefined, 'c', 'd', undefined, 'f', 'g']);
        expect([...failures.keys()]).toEqual([1, 4]);
        expect(failures.get(1)).toBeInstanceOf(DecryptionFailedError);
        expect(failures.get(1)).toMatchObject({
          code: 'FLE_DECRYPTION_FAILED',
          keyId,
          message: `mongoose-fle: the ciphertext could not be decrypted with the data key ${keyId}. Check that the master key is the one that the data key was created with; if it is, the ciphertext was altered.`,
          cause: { name: 'MongoCryptError', message: 'HMAC validation failure' },
        });
      });

      it.each([0, 17, 18, 81])('does not decrypt one whose byte %d was altered', async (at) => {
        const ciphertext = firstOf(await encryptAll(['text']));
        const { values, failures } = await ring.cipher.decrypt([flipped(ciphertext, at)], {});

        expect(values).toEqual([undefined]);
        expect(failures.get(0)).toMatchObject({ code: 'FLE_DECRYPTION_FAILED' });
      });

      it('does not decrypt one that was moved to another key', async () => {
        const ciphertext = firstOf(await encryptAll(['text']));
        const outcome = await ring.cipher.encrypt([plain('text', 'other')], 'write');
        const bytes = Buffer.from(ciphertext.value());
        bytes.set(outcome.values[0]?.value().subarray(1, 17) ?? [], 1);
        const { failures } = await ring.cipher.decrypt([new bson.Binary(bytes, 6)], {});

        expect(failures.get(0)).toMatchObject({ code: 'FLE_DECRYPTION_FAILED' });
      });

      it('names a data key that does not exist by its identifier', async () => {
        const ciphertext = firstOf(await encryptAll(['text']));
        const bytes = Buffer.from(ciphertext.value());
        bytes.fill(0xab, 1, 17);
        const { values, failures } = await ring.cipher.decrypt(
          [ciphertext, new bson.Binary(bytes, 6)],
          {},
        );

        expect(values).toEqual(['text', undefined]);
        expect(failures.get(1)).toBeInstanceOf(KeyNotFoundError);
        expect(failures.get(1)).toMatchObject({
          code: 'FLE_KEY_NOT_FOUND',
          keyId: 'abababab-abab-abab-abab-abababababab',
          message: `${vault.namespace}: no data key has the identifier abababab-abab-abab-abab-abababababab. Restore the key from a backup, or set keyVaultNamespace to the vault that holds it.`,
        });
      });

      it.each(
        Array.from({ length: 256 }, (_, kind) => kind).filter((kind) => kind !== 1 && kind !== 2),
      )('takes no binary for a value whose first byte is %d', async (kind) => {
        const ciphertext = firstOf(await encryptAll(['text']));
        const bytes = Buffer.from(ciphertext.value());
        bytes[0] = kind;
        const { values, failures } = await ring.cipher.decrypt([new bson.Binary(bytes, 6)], {});

        expect(values).toEqual([undefined]);
        expect(failures.get(0)).toMatchObject({
          code: 'FLE_DECRYPTION_FAILED',
          message:
            'mongoose-fle: the stored binary is not a ciphertext of client-side field level encryption. Find out what wrote it, and restore the value.',
        });
      });

      it.each([{}, { promoteBuffers: true }])(
        'takes no ciphertext for a value that another one holds, under %j',
        async (options) => {
          const ciphertexts = [
            await encryptPastAllChecks(new bson.Binary(Buffer.from([1, 2, 3]), 6)),
            firstOf(await encryptAll([Buffer.from('bytes')])),
          ];
          const { values, failures } = await ring.cipher.decrypt(ciphertexts, options);

          expect(values).toStrictEqual([undefined, asReadPlain(Buffer.from('bytes'), options)]);
          expect(failures.get(0)).toMatchObject({
            code: 'FLE_DECRYPTION_FAILED',
            message:
              'mongoose-fle: the stored ciphertext holds another ciphertext. Find out what wrote it, and restore the value.',
          });
        },
      );

      it('takes no binary for a value that is shorter than it was', async () => {
        const ciphertext = firstOf(await encryptAll(['text']));
        const bytes = ciphertext.value();
        const shorter = Array.from({ length: bytes.length }, (_, length) =>
          bytes.subarray(0, length),
        );
        const binaries = shorter.map((part) => new bson.Binary(part, 6));
        const { values, failures } = await ring.cipher.decrypt(binaries, { promoteBuffers: true });

        expect(values).toEqual(binaries.map(() => undefined));
        expect(failures.size).toBe(binaries.length);
        expect(failures.get(81)).toMatchObject({
          message:
            'mongoose-fle: the stored ciphertext is cut off. Find out what wrote it, and restore the value.',
        });
      });
    });

    describe('keys', () => {
      it('does not create a key for a query', async () => {
        const { values, failures } = await ring.cipher.encrypt(
          [plain('a', 'unborn'), plain('a')],
          'query',
        );

        expect(values.map((ciphertext) => ciphertext?.sub_type)).toEqual([undefined, 6]);
        expect(failures.get(0)).toBeInstanceOf(KeyNotFoundError);
        expect(failures.get(0)).toMatchObject({ code: 'FLE_KEY_NOT_FOUND', keyAltName: 'unborn' });
        expect(await vault.keys.countDocuments({ keyAltNames: 'unborn' })).toBe(0);
      });

      it('does not read or write under keys that another master key wrapped', async () => {
        const ciphertexts = await encryptAll(['a']);
        const stranger = vault.openRing({
          batches,
          declared: ['pii'],
          masterKey: Buffer.alloc(96, 2),
        });
        const written = await stranger.cipher.encrypt([plain('a')], 'write');
        const read = await stranger.cipher.decrypt(ciphertexts, {});

        expect(written.failures.get(0)).toBeInstanceOf(EncryptionFailedError);
        expect(written.failures.get(0)).toMatchObject({
          code: 'FLE_ENCRYPTION_FAILED',
          message:
            'mongoose-fle: the value could not be encrypted under the data key "pii". Check that the master key is the one that the data key was created with.',
          cause: { message: 'HMAC validation failure' },
        });
        expect(read.failures.get(0)).toBeInstanceOf(DecryptionFailedError);
        expect(read.failures.get(0)).toMatchObject({
          cause: { message: 'HMAC validation failure' },
        });
      });

      it('keeps a key that cannot be unwrapped from spoiling the others', async () => {
        await vault
          .bareEncryption(Buffer.alloc(96, 3))
          .createDataKey('local', { keyAltNames: ['foreign'] });
        const cold = vault.openRing({ batches, declared: ['pii', 'other'] });
        const { values, failures } = await cold.cipher.encrypt(
          [plain('a', 'other'), plain('a', 'foreign'), plain('a')],
          'write',
        );

        expect(values.map((ciphertext) => ciphertext?.sub_type)).toEqual([6, undefined, 6]);
        expect(failures.get(1)).toMatchObject({
          code: 'FLE_ENCRYPTION_FAILED',
          keyAltName: 'foreign',
        });
      });

      it('forgets a key that vanished from the vault when it has expired', async () => {
        const short = vault.openRing({ batches, keyExpirationMS: 100, createMissingKeys: 'all' });
        const stored = allOf(await short.cipher.encrypt([plain('a', 'fleeting')], 'write'));
        await vault.keys.deleteOne({ keyAltNames: 'fleeting' });
        await new Promise((resolve) => setTimeout(resolve, 150));
        const asked = await short.cipher.encrypt([plain('a', 'fleeting')], 'query');
        const read = await short.cipher.decrypt(stored, {});

        expect(asked.failures.get(0)).toMatchObject({
          code: 'FLE_KEY_NOT_FOUND',
          keyAltName: 'fleeting',
        });
        expect(read.failures.get(0)).toMatchObject({ code: 'FLE_KEY_NOT_FOUND' });
      });

      it('rejects the whole call where the key vault cannot be reached', async () => {
        const client = new driver.MongoClient('mongodb://127.0.0.1:9', {
          serverSelectionTimeoutMS: 50,
        });
        const lost = vault.openRing({ batches, client, declared: ['pii'] });
        const ciphertexts = await encryptAll(['a']);
        const calls: (() => Promise<unknown>)[] = [
          async () => await lost.cipher.encrypt([plain('a')], 'write'),
          async () => await lost.cipher.decrypt(ciphertexts, {}),
        ];
        const errors = await Promise.all(
          calls.map((call) => call().catch((error: unknown) => error)),
        );
        await client.close();

        for (const error of errors) {
          expect(error).toBeInstanceOf(KeyVaultUnavailableError);
          expect(error).toMatchObject({
            code: 'FLE_KEY_VAULT_UNAVAILABLE',
            message: `${vault.namespace}: the key vault could not be read. Check that the server can be reached, and that its user may read and write there.`,
            cause: { name: 'MongoServerSelectionError' },
          });
        }
      });
    });

    describe('on the wire', () => {
      it('makes one key and at most two look-ups for fifty first operations at once', async () => {
        const stored = firstOf(await encryptAll(['stored']));
        const cold = vault.openRing({ batches, declared: ['first'] });
        vault.takeCommands();
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, async (_, index) => {
            if (index % 5 === 4) return cold.cipher.decrypt([stored], {});
            const purpose = index % 5 === 3 ? 'query' : 'write';
            return cold.cipher.encrypt([plain(index, 'first', 'Random')], purpose);
          }),
        );
        const commands = vault.takeCommands();

        expect(await vault.keys.countDocuments({ keyAltNames: 'first' })).toBe(1);
        expect(commands.filter((command) => command === 'insert')).toHaveLength(1);
        expect(commands.filter((command) => command === 'find').length).toBeLessThanOrEqual(2);
        outcomes.forEach(({ failures }, index) => {
          const codes = [...failures.values()].map((error) => (error as { code: string }).code);
          expect(codes).toEqual(index % 5 === 3 ? ['FLE_KEY_NOT_FOUND'] : []);
        });
      });

      it('looks once for the keys of fifty cold reads at once', async () => {
        const ciphertexts = await encryptAll(['a', 'b']);
        const cold = vault.openRing({ batches });
        vault.takeCommands();
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, async () => await cold.cipher.decrypt(ciphertexts, {})),
        );

        expect(vault.takeCommands()).toEqual(['find']);
        expect(outcomes.map(({ values }) => values)).toEqual(new Array(50).fill(['a', 'b']));
      });

      it('looks once for all the keys of a batch', async () => {
        const names = Array.from({ length: 30 }, (_, index) => `tenant:${index % 3}`);
        await vault.openRing({ batches, createMissingKeys: 'all' }).prepareKeys(names, 'write');
        const cold = vault.openRing({ batches });
        vault.takeCommands();
        const { failures } = await cold.cipher.encrypt(
          names.map((name) => plain('a', name)),
          'query',
        );

        expect(vault.takeCommands()).toEqual(['find']);
        expect(failures.size).toBe(0);
      });

      it('looks for nothing while keys are in memory', async () => {
        const ciphertexts = await encryptAll(['a']);
        vault.takeCommands();
        await encryptAll(['a']);
        await ring.cipher.decrypt(ciphertexts, {});

        expect(vault.takeCommands()).toEqual([]);
      });

      it('reads by identifier what it wrote by name without another look-up', async () => {
        const cold = vault.openRing({ batches });
        vault.takeCommands();
        const stored = allOf(await cold.cipher.encrypt([plain('a')], 'write'));
        await cold.cipher.decrypt(stored, {});

        expect(vault.takeCommands()).toEqual(['find']);
      });

      it('looks again for a key that was missing', async () => {
        await ring.cipher.encrypt([plain('a', 'late')], 'query');
        await bare.createDataKey('local', { keyAltNames: ['late'] });
        const { failures } = await ring.cipher.encrypt([plain('a', 'late')], 'query');

        expect(failures.size).toBe(0);
      });
    });

    describe('many values', () => {
      it('lets the event loop turn while it works on ten thousand', async () => {
        const numbers = Array.from({ length: 10_000 }, (_, index) => index);
        const watch = { turns: 0, on: true };
        const turning = (async () => {
          for (; watch.on; watch.turns += 1) await nextTurn();
        })();
        const ciphertexts = await encryptAll(numbers, 'Random');
        const turnsToEncrypt = watch.turns;
        const { values } = await ring.cipher.decrypt(ciphertexts, {});
        watch.on = false;
        await turning;

        expect(values).toEqual(numbers);
        expect(turnsToEncrypt).toBeGreaterThanOrEqual(19);
        expect(watch.turns - turnsToEncrypt).toBeGreaterThanOrEqual(19);
      });

      it('takes more bytes at once than a BSON document may have', async () => {
        const texts = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(3_000_000));
        const { values } = await ring.cipher.decrypt(await encryptAll(texts), {});

        expect(values).toEqual(texts);
      });

      it('answers an empty batch without asking anybody', async () => {
        vault.takeCommands();

        expect(await ring.cipher.encrypt([], 'write')).toEqual({ values: [], failures: new Map() });
        expect(await ring.cipher.decrypt([], {})).toEqual({ values: [], failures: new Map() });
        expect(vault.takeCommands()).toEqual([]);
      });
    });
  });
}
