import { setTimeout as pause } from 'node:timers/promises';
import type { AwsCredentials } from '../../../src/index';
import { freshDatabaseName } from '../../support/database';
import { type KmsRig, MASTER_KEYS, openKmsRig } from '../../support/kms/kms-rig';
import { chosen, closeClinics, openClinicOf } from './clinic';

const algorithm = 'AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic';

let rig: KmsRig;

beforeAll(async () => {
  rig = await openKmsRig();
});

afterAll(() => rig.close());

afterEach(closeClinics);

// Source: the client-side encryption specification, its tests of the key management API, in words of our own.
describe('fle.clientEncryption', () => {
  it('finds keys, gives and takes names, and deletes', async () => {
    const clinic = await openClinicOf(rig, freshDatabaseName('life'), chosen('aws'));
    const encryption = await clinic.fle.clientEncryption(clinic.connection);
    await clinic.fle.bootstrapKeys(clinic.connection); // makes the unique index, and the key of the model
    const { aws, gcp } = MASTER_KEYS;
    const one = await encryption.createDataKey('aws', { masterKey: aws, keyAltNames: ['one'] });
    const two = await encryption.createDataKey('gcp', { masterKey: gcp });

    expect((await encryption.getKey(one))?.keyAltNames).toEqual(['one']);
    expect((await encryption.getKeyByAltName('one'))?._id).toEqual(one);
    expect(await encryption.getKeyByAltName('none')).toBeNull();
    const keys = await encryption.getKeys().toArray();
    expect(keys).toHaveLength(3);
    expect(keys.map(({ _id }) => _id)).toEqual(expect.arrayContaining([one, two]));

    expect((await encryption.addKeyAltName(one, 'uno'))?.keyAltNames).toEqual(['one']);
    await expect(encryption.addKeyAltName(two, 'uno')).rejects.toMatchObject({ code: 11000 });
    await encryption.removeKeyAltName(one, 'one');
    expect((await encryption.getKey(one))?.keyAltNames).toEqual(['uno']);
    await encryption.removeKeyAltName(one, 'uno');
    expect(await encryption.getKey(one)).not.toHaveProperty('keyAltNames');

    expect((await encryption.deleteKey(one)).deletedCount).toBe(1);
    expect((await encryption.deleteKey(one)).deletedCount).toBe(0);
    expect(await encryption.getKey(one)).toBeNull();
  });

  it('re-wraps the keys of a filter, between two providers of one kind, and leaves the rest', async () => {
    const clinic = await openClinicOf(rig, freshDatabaseName('named'), {
      ...chosen('aws'),
      kmsProviders: { ...rig.kmsProviders, 'aws:eu': rig.kmsProviders.aws as AwsCredentials },
      tlsOptions: { ...rig.tlsOptions, 'aws:eu': rig.tlsOptions['aws'] },
    });
    const encryption = await clinic.fle.clientEncryption(clinic.connection);
    const masterKey = MASTER_KEYS.aws;
    await encryption.createDataKey('aws', { masterKey, keyAltNames: ['moves'] });
    const stays = await encryption.createDataKey('aws', { masterKey, keyAltNames: ['stays'] });
    const ciphertext = await encryption.encrypt('x', { algorithm, keyAltName: 'moves' });
    const before = await encryption.getKey(stays);
    const eu = { region: 'eu-central-1', key: 'arn:aws:kms:eu-central-1:1:key/2' };
    const to = { provider: 'aws:eu', masterKey: eu } as const;

    const { bulkWriteResult } = await encryption.rewrapManyDataKey({ keyAltNames: 'moves' }, to);
    expect(bulkWriteResult?.modifiedCount).toBe(1);
    const moved = await encryption.getKeyByAltName('moves');
    expect(moved?.masterKey).toEqual({ provider: 'aws:eu', ...eu });
    expect(await encryption.getKey(stays)).toEqual(before);
    expect(await encryption.rewrapManyDataKey({ keyAltNames: 'none' }, to)).toEqual({});
    (await clinic.fle.keyVault(clinic.connection)).flush();
    await expect(encryption.decrypt(ciphertext)).resolves.toBe('x');
  });

  it('keeps a key in memory for keyExpirationMS, and then asks the KMS again', async () => {
    const name = freshDatabaseName('expiry');
    const clinic = await openClinicOf(rig, name, { ...chosen('aws'), keyExpirationMS: 1500 });
    const encryption = await clinic.fle.clientEncryption(clinic.connection);
    await encryption.createDataKey('aws', { masterKey: MASTER_KEYS.aws, keyAltNames: ['k'] });
    rig.kms.log.length = 0;
    await encryption.encrypt('x', { algorithm, keyAltName: 'k' });
    const ciphertext = await encryption.encrypt('x', { algorithm, keyAltName: 'k' });
    expect(rig.kms.log).toHaveLength(1);

    await pause(2000);
    await expect(encryption.decrypt(ciphertext)).resolves.toBe('x');
    expect(rig.kms.log).toHaveLength(2);
  });
});
