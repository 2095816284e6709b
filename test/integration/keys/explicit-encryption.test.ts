import { inspect } from 'node:util';
import type { mongo } from 'mongoose';
import { Algorithm } from '../../../src/declaration/algorithm';
import { HandleClosedError, InvalidOptionsError } from '../../../src/errors';
import { MASTER_KEY, type TestVault, driver, openTestVault } from './test-vault';

let vault: TestVault;

beforeEach(async () => {
  vault = await openTestVault('explicit');
});

afterEach(() => vault.close());

const deterministic = Algorithm.Deterministic;
const random = Algorithm.Random;

describe('clientEncryption', () => {
  it('creates a data key under several names, and encrypts by id and by each name alike', async () => {
    const encryption = vault.openRing().clientEncryption();
    const keyId = await encryption.createDataKey('local', { keyAltNames: ['pii', 'alias'] });
    const ciphertexts = [
      await encryption.encrypt('text', { algorithm: deterministic, keyId }),
      await encryption.encrypt('text', { algorithm: deterministic, keyAltName: 'pii' }),
      await encryption.encrypt('text', { algorithm: deterministic, keyAltName: 'alias' }),
    ];

    expect(new Set(ciphertexts.map((each) => each.toString('hex'))).size).toBe(1);
    expect(ciphertexts[0]?.sub_type).toBe(6);
    for (const ciphertext of ciphertexts) {
      expect(await encryption.decrypt(ciphertext)).toBe('text');
      expect(await vault.bareEncryption().decrypt(ciphertext)).toBe('text');
    }
  });

  it('encrypts with the key material that it is given, as the specification says', async () => {
    const encryption = vault.openRing().clientEncryption();
    const keyMaterial = new driver.BSON.Binary(
      Buffer.from(
        'xPTAjBRG5JiPm+d3fj6XLi2q5DMXUS/f1f+SMAlhhwkhDRL0kr8r9GDLIGTAGlvC+HVjSIgdL+RKwZCvpXSyxTICWSXTUYsWYPyu3IoHbuBZdmw2faM3WhcRIgbMReU5',
        'base64',
      ),
    );
    const id = await encryption.createDataKey('local', { keyMaterial });
    const key = await vault.keys.findOne({ _id: id });
    if (key === null) throw new Error('there is no key');
    const zero = new driver.BSON.UUID(Buffer.alloc(16));
    await vault.keys.insertOne({ ...key, _id: zero });
    const ciphertext = await encryption.encrypt('test', { algorithm: deterministic, keyId: zero });

    // Source: the client-side encryption specification, prose test 1 ("Custom Key Material Test").
    expect(ciphertext.toString('base64')).toBe(
      'AQAAAAAAAAAAAAAAAAAAAAACz0ZOLuuhEYi807ZXTdhbqhLaS2/t9wLifJnnNYwiw79d75QYIZ6M/aYC1h9nCzCjZ7pGUpAuNnkUhnIXM3PjrA==',
    );
  });

  it('uses the master key of the handle, which another does not unwrap', async () => {
    const encryption = vault.openRing().clientEncryption();
    const keyId = await encryption.createDataKey('local');
    const ciphertext = await encryption.encrypt('text', { algorithm: random, keyId });

    await expect(vault.bareEncryption(Buffer.alloc(96, 2)).decrypt(ciphertext)).rejects.toThrow(
      /HMAC validation failure/,
    );
    expect(await vault.bareEncryption(MASTER_KEY).decrypt(ciphertext)).toBe('text');
  });

  it.each(['', 'a\0b', 'a'.repeat(501), '\ud800'])(
    'refuses a name that no key can have: %j',
    async (name) => {
      const encryption = vault.openRing().clientEncryption();
      const id = await encryption.createDataKey('local', { keyAltNames: ['a'] });
      const refused = [
        encryption.createDataKey('local', { keyAltNames: ['b', name] }),
        encryption.encrypt('text', { algorithm: random, keyAltName: name }),
        encryption.addKeyAltName(id, name),
      ];

      for (const each of refused) {
        const error: unknown = await each.catch((cause: unknown) => cause);
        expect(error).toBeInstanceOf(InvalidOptionsError);
        expect(error).toMatchObject({
          code: 'FLE_INVALID_OPTIONS',
          message: expect.stringMatching(
            /^keyAltName: keyAltName .+\. Give a text of 1 to 500 bytes without NUL\.$/,
          ) as string,
        });
      }
      expect(await vault.keys.countDocuments()).toBe(1);
    },
  );

  it('refuses everything after its own close, while another one goes on', async () => {
    const ring = vault.openRing();
    const closed = ring.clientEncryption();
    const other = ring.clientEncryption();
    const creating = closed.createDataKey('local');
    await closed.close();

    expect((await creating).sub_type).toBe(4);
    const error: unknown = await closed.createDataKey('local').catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(HandleClosedError);
    expect(error).toMatchObject({
      code: 'FLE_HANDLE_CLOSED',
      message:
        'mongoose-fle: the keys of this connection were closed by clientEncryption.close(). Close them after the last operation.',
    });
    expect(() => closed.getKeys()).toThrow(HandleClosedError);
    expect(await other.getKeys().toArray()).toHaveLength(1);
    await ring.close();
    await expect(other.createDataKey('local')).rejects.toBeInstanceOf(HandleClosedError);
  });

  it("passes for the driver's own, and shows no secret", () => {
    const encryption = vault.openRing().clientEncryption();

    expect(encryption).toBeInstanceOf(driver.ClientEncryption);
    expect(inspect(encryption, { depth: 9, showHidden: true })).toBe('ClientEncryption {}');
  });

  it('forgets a key that it deletes, and a name that it takes, also in the ring', async () => {
    const ring = vault.openRing();
    const encryption = ring.clientEncryption();
    const id = await encryption.createDataKey('local', { keyAltNames: ['pii'] });
    await ring.prepareKeys(['pii'], 'query');
    const ciphertext = await encryption.encrypt('text', { algorithm: random, keyAltName: 'pii' });
    await encryption.removeKeyAltName(id, 'pii');

    await expect(
      encryption.encrypt('text', { algorithm: random, keyAltName: 'pii' }),
    ).rejects.toThrow(/not all keys requested were satisfied/);
    await expect(ring.prepareKeys(['pii'], 'query')).rejects.toMatchObject({
      code: 'FLE_KEY_NOT_FOUND',
    });
    expect(await encryption.decrypt(ciphertext)).toBe('text');
    await encryption.deleteKey(id);
    await expect(encryption.decrypt(ciphertext)).rejects.toThrow(
      /not all keys requested were satisfied/,
    );
  });
});

describe('decrypt', () => {
  const values = {
    long: driver.BSON.Long.fromNumber(5),
    bytes: new driver.BSON.Binary(Buffer.from('bytes')),
    int: 7,
    expression: /x/i,
  };

  it.each<[string, mongo.MongoClientOptions]>([
    ['no options', {}],
    ['useBigInt64', { useBigInt64: true }],
    ['promoteLongs: false', { promoteLongs: false }],
    ['promoteBuffers', { promoteBuffers: true }],
    ['promoteValues: false', { promoteValues: false }],
    ['bsonRegExp', { bsonRegExp: true }],
  ])('reads as the connection reads plain values: %s', async (_, options) => {
    const client = vault.connect(options);
    const encryption = vault.openRing({ client }).clientEncryption();
    const keyId = await encryption.createDataKey('local');
    const plain = client.db(vault.namespace.split('.')[0]).collection('plain');
    await plain.deleteMany({});
    await plain.insertOne({ whole: values, ...values });
    const { _id, ...read } = (await plain.findOne()) as Record<string, unknown>;

    expect(_id).toBeDefined();
    for (const [name, value] of Object.entries({ whole: values, ...values })) {
      const ciphertext = await encryption.encrypt(value, { algorithm: random, keyId });
      const decrypted: unknown = await encryption.decrypt(ciphertext);
      expect(decrypted).toStrictEqual(read[name]);
      expect(await vault.bareEncryption().decrypt(ciphertext)).toBeDefined();
    }
  });
});

describe('encrypt', () => {
  it('takes the value as it is when it is called, also where it waits for its key', async () => {
    const encryption = vault.openRing().clientEncryption();
    const keyId = await encryption.createDataKey('local');
    const fresh = vault.openRing().clientEncryption();
    const secrets = [Buffer.from('secret'), Buffer.from('secret'), Buffer.from('secret')];
    const underWay = secrets.map((secret) => fresh.encrypt(secret, { algorithm: random, keyId }));
    for (const secret of secrets) secret.fill(0);

    for (const ciphertext of await Promise.all(underWay)) {
      const value: mongo.Binary = await encryption.decrypt(ciphertext);
      expect(Buffer.from(value.value()).toString()).toBe('secret');
    }
  });
});
