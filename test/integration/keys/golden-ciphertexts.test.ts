import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { mongo } from 'mongoose';
import type { Binary } from '../../../src/codec/bson';
import type { AlgorithmName } from '../../../src/declaration/algorithm';
import { type TestVault, driver, openTestVault } from './test-vault';

const { BSON: bson } = driver;

interface Golden {
  readonly masterKey: string;
  readonly keyDocument: object;
  readonly keyAltName: string;
  /** Each the BSON of `{ v: value }`, and its ciphertexts, in base64. */
  readonly cases: readonly {
    readonly document: string;
    readonly deterministic?: string;
    readonly random: string;
  }[];
}

const golden = JSON.parse(
  readFileSync(path.join(__dirname, '../../fixtures/golden-ciphertexts.json'), 'utf8'),
) as Golden;

/** A folder with the data of the driver specification's tests; without it, those are skipped. */
const SPEC_VECTORS = process.env['MONGOOSE_FLE_SPEC_VECTORS'];

function ciphertextOf(base64: string): Binary {
  return bson.Binary.createFromBase64(base64, 6);
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(path.join(SPEC_VECTORS ?? '', name), 'utf8'));
}

describe.each([
  ['the batch cipher', true],
  ['the explicit cipher', false],
])('%s', (_, batches) => {
  let vault: TestVault;

  beforeEach(async () => {
    vault = await openTestVault('golden');
  });

  afterEach(() => vault.close());

  describe('on the golden ciphertexts', () => {
    const masterKey = Buffer.from(golden.masterKey, 'base64');
    const keyDocument = bson.EJSON.deserialize(golden.keyDocument) as mongo.DataKey;
    const stored = golden.cases.flatMap(({ document, deterministic, random }) =>
      [deterministic, random]
        .filter((base64) => base64 !== undefined)
        .map((base64) => ({ document: Buffer.from(document, 'base64'), base64 })),
    );

    it('reads every one', async () => {
      await vault.keys.insertOne(keyDocument);
      const ring = vault.openRing({ batches, masterKey });
      const { values, failures } = await ring.cipher.decrypt(
        stored.map(({ base64 }) => ciphertextOf(base64)),
        {},
      );

      expect(failures).toEqual(new Map());
      expect(values).toStrictEqual(
        stored.map(({ document }) => (bson.deserialize(document) as { v: unknown }).v),
      );
    });

    it('writes the deterministic ones, byte for byte', async () => {
      await vault.keys.insertOne(keyDocument);
      const ring = vault.openRing({ batches, masterKey });
      const cases = golden.cases.filter(({ deterministic }) => deterministic !== undefined);
      const { values } = await ring.cipher.encrypt(
        cases.map(({ document }) => ({
          bytes: Buffer.from(document, 'base64'),
          algorithm: 'Deterministic',
          keyAltName: golden.keyAltName,
        })),
        'query',
      );

      expect(
        values.map((ciphertext) => Buffer.from(ciphertext?.value() ?? []).toString('base64')),
      ).toEqual(cases.map(({ deterministic }) => deterministic));
    });
  });

  if (SPEC_VECTORS === undefined) return; // the specification's data is not part of the project: see CONTRIBUTING.md

  /** Source: the client-side encryption specification, tests/README.md, prose tests 1 and 6. */
  describe('on the corpus of the specification', () => {
    interface CorpusValue {
      readonly kms: string;
      readonly algo: 'rand' | 'det';
      readonly allowed: boolean;
      readonly value: { readonly $binary: { readonly base64: string } };
    }

    const prose = (): Record<string, string> =>
      readJson('prose1-custom-key-material.json') as Record<string, string>;
    const masterKey = (): Buffer => Buffer.from(prose()['localMasterKeyBase64'] ?? '', 'base64');

    function corpus(): {
      name: string;
      algorithm: AlgorithmName;
      ciphertext: string;
      v: unknown;
    }[] {
      const plain = readJson('corpus.json') as Record<string, unknown>;
      return Object.entries(readJson('corpus-encrypted.json') as Record<string, CorpusValue>)
        .filter(([, { kms, allowed }]) => kms === 'local' && allowed)
        .map(([name, { algo, value }]) => ({
          name,
          algorithm: algo === 'det' ? 'Deterministic' : 'Random',
          ciphertext: value.$binary.base64,
          v: (
            bson.EJSON.deserialize(plain[name] as object, { relaxed: false }) as { value: unknown }
          ).value,
        }));
    }

    function corpusKey(): mongo.DataKey {
      return bson.EJSON.deserialize(readJson('corpus-key-local.json') as object) as mongo.DataKey;
    }

    it('reads what the local key encrypted', async () => {
      const key = corpusKey();
      await vault.keys.insertOne(key);
      const cases = corpus();
      const { values, failures } = await vault
        .openRing({ batches, masterKey: masterKey() })
        .cipher.decrypt(
          cases.map(({ ciphertext }) => ciphertextOf(ciphertext)),
          {},
        );

      expect(cases.length).toBeGreaterThan(100);
      expect(failures).toEqual(new Map());
      expect(values).toEqual(
        cases.map(({ v }) => (bson.deserialize(bson.serialize({ v })) as { v: unknown }).v),
      );
    });

    it('writes the deterministic ciphertexts, byte for byte', async () => {
      const key = corpusKey();
      await vault.keys.insertOne(key);
      const cases = corpus()
        .filter(({ algorithm }) => algorithm === 'Deterministic')
        // The BSON library reads a DBPointer, and writes none.
        .filter(({ name }) => !name.includes('dbPointer'));
      const { values, failures } = await vault
        .openRing({ batches, masterKey: masterKey() })
        .cipher.encrypt(
          cases.map(({ v, algorithm }) => ({
            bytes: bson.serialize({ v }),
            algorithm,
            keyAltName: 'local',
          })),
          'query',
        );

      expect(cases.length).toBeGreaterThan(20);
      expect(failures).toEqual(new Map());
      cases.forEach(({ name, ciphertext }, index) => {
        expect([name, Buffer.from(values[index]?.value() ?? []).toString('base64')]).toEqual([
          name,
          ciphertext,
        ]);
      });
    });

    it('writes the ciphertext of the custom key material', async () => {
      const { keyMaterialBase64 = '', keyIdBase64 = '', expectedBase64, value } = prose();
      const bare = vault.bareEncryption(masterKey());
      const made = await bare.createDataKey('local', {
        keyAltNames: ['made'],
        keyMaterial: bson.Binary.createFromBase64(keyMaterialBase64) as unknown as Buffer,
      });
      const { _id, ...key } = (await vault.keys.findOneAndDelete({ _id: made })) as mongo.DataKey;
      expect(_id).toEqual(made);
      const id = new bson.UUID(Buffer.from(keyIdBase64, 'base64'));
      await vault.keys.insertOne({ ...key, _id: id });
      const { values } = await vault
        .openRing({ batches, masterKey: masterKey() })
        .cipher.encrypt(
          [{ bytes: bson.serialize({ v: value }), algorithm: 'Deterministic', keyAltName: 'made' }],
          'query',
        );

      expect(Buffer.from(values[0]?.value() ?? []).toString('base64')).toBe(expectedBase64);
    });
  });
});
