import { inspect } from 'node:util';
import { mongo } from 'mongoose';
import {
  InvalidDeclarationError,
  InvalidKmsConfigError,
  MissingDependencyError,
} from '../../../src/errors';
import { readKeyConfig } from '../../../src/keys/key-config';
import { type KeyRing, openKeyRing } from '../../../src/keys/key-ring';

const MASTER_KEY = Buffer.alloc(96, 'sentinel');
const config = readKeyConfig({ kmsProviders: { local: { key: MASTER_KEY } } });

function openWith(driver: typeof mongo): KeyRing {
  return openKeyRing({ driver, client: new mongo.MongoClient('mongodb://127.0.0.1:9'), config });
}

function driverThatThrows(error: Error): typeof mongo {
  const ClientEncryption = function (): never {
    throw error;
  };
  return { ...mongo, ClientEncryption } as unknown as typeof mongo;
}

function refusal(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('openKeyRing', () => {
  it('says what to install where the addon is missing', () => {
    const cause = new mongo.MongoMissingDependencyError('missing', {
      cause: new Error('not found'),
      dependencyName: 'mongodb-client-encryption',
    });
    const error = refusal(() => openWith(driverThatThrows(cause)));

    expect(error).toBeInstanceOf(MissingDependencyError);
    expect(error).toMatchObject({
      code: 'FLE_MISSING_DEPENDENCY',
      message:
        'mongoose-fle: the package mongodb-client-encryption is not installed, or its addon cannot be loaded. Install it with `npm install mongodb-client-encryption@7`.',
      cause,
    });
  });

  it('keeps the cause where the driver refuses the configuration', () => {
    const cause = new TypeError('no');
    const error = refusal(() => openWith(driverThatThrows(cause)));

    expect(error).toBeInstanceOf(InvalidKmsConfigError);
    expect(error).toMatchObject({
      code: 'FLE_INVALID_KMS_CONFIG',
      message: 'kmsProviders: the driver refuses the configuration. The cause says why.',
      cause,
    });
  });

  it("shows no master key when the ring, its cipher or the driver's object are inspected", () => {
    const ring = openWith(mongo);
    const shown = inspect(ring, { depth: 20 }) + inspect(ring.clientEncryption(), { depth: 20 });

    expect(shown).not.toMatch(/sentinel|73 65 6e 74/);
    expect(JSON.stringify(ring.cipher)).toBe('{}');
  });

  it.each([
    ['', 'keyAltName: keyAltName is empty. Give a text of 1 to 500 bytes without NUL.'],
    [
      'a\0b',
      'keyAltName: keyAltName holds a NUL character. Give a text of 1 to 500 bytes without NUL.',
    ],
  ])('refuses to have a name declared that no key can have: %j', async (name, message) => {
    const ring = openWith(mongo);
    const error = refusal(() => {
      ring.declareKeys(['pii', name]);
    });

    expect(error).toBeInstanceOf(InvalidDeclarationError);
    expect(error).toMatchObject({ code: 'FLE_INVALID_DECLARATION', message });
    await expect(ring.bootstrap([name])).rejects.toMatchObject({ message });
  });

  it('warns that it works value by value, where it does not know the driver', () => {
    const ClientEncryption = function (): object {
      return {};
    };
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation();
    openWith({ ...mongo, ClientEncryption } as unknown as typeof mongo);
    const warnings = [...emitWarning.mock.calls];
    emitWarning.mockRestore();

    expect(warnings).toEqual([
      [
        'mongoose-fle does not know the inner parts of this version of the driver: values are encrypted one by one, which is slower.',
        { type: 'FleWarning', code: 'FLE_WITHOUT_BATCHES' },
      ],
    ]);
  });
});
