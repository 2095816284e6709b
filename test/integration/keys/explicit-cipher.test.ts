import { DecryptionFailedError } from '../../../src/errors';
import { type TestVault, allOf, openTestVault, plain } from './test-vault';
import { describeValueCipher } from './value-cipher.contract';

describeValueCipher({ name: 'the explicit cipher', batches: false });

describe("the explicit cipher, under read options of one's own", () => {
  let vault: TestVault;

  beforeAll(async () => {
    vault = await openTestVault('explicit');
  });

  afterAll(() => vault.close());

  it.each([{ a: 1 }, [1]])(
    'refuses what holds other values, whose types are lost: %j',
    async (value) => {
      const ring = vault.openRing({ batches: false, declared: ['pii'] });
      const stored = allOf(await ring.cipher.encrypt([plain(value, 'pii', 'Random')], 'write'));
      const { failures } = await ring.cipher.decrypt(stored, { promoteLongs: false });

      expect(failures.get(0)).toBeInstanceOf(DecryptionFailedError);
      expect(failures.get(0)).toMatchObject({
        code: 'FLE_DECRYPTION_FAILED',
        message:
          'mongoose-fle: an encrypted object or array cannot be read under BSON options other than the default. Read it without them.',
      });
    },
  );
});
