import type { mongo } from 'mongoose';
import { type CredentialSource, currentCredentials } from './credentials';
import { type DrivenContext, KmsContext } from './kms-context';

type Method = (...parameters: unknown[]) => unknown;

/** The methods of the driver's `ClientEncryption` that may need a KMS. */
const ASKING = [
  'encrypt',
  'encryptExpression',
  'decrypt',
  'createDataKey',
  'rewrapManyDataKey',
] as const;

/**
 * Lets `encryption` ask the KMS by way of this package: within time limits, again where that helps, and with errors that say what is
 * wrong. It is changed in place. One whose inner parts are not those that we know keeps the driver's own way.
 *
 * Source: the driver's client_encryption.ts 7.5: each of these methods makes one context by `this._mongoCrypt`, and drives it.
 */
export function askReliably(source: CredentialSource): void {
  const { encryption } = source;
  if (!isKnown(encryption)) return;
  for (const name of ASKING) {
    const method = Reflect.get(encryption, name) as Method;
    Object.defineProperty(encryption, name, {
      value: async (...parameters: unknown[]) => await method.apply(oneCall(source), parameters),
    });
  }
}

/**
 * A stand-in for the encryption of `source` that serves one call. The contexts it drives are made by `crypt`, by default those of the
 * encryption itself.
 */
export function oneCall(
  source: CredentialSource,
  crypt: object | undefined = cryptOf(source.encryption),
): mongo.ClientEncryption {
  let context: KmsContext | undefined;
  const makers = new Proxy(crypt ?? {}, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]) => {
        context = new KmsContext((value as Method).apply(target, parameters) as DrivenContext);
        return context;
      };
    },
  });
  const askForKMSCredentials = async (): Promise<object> => {
    if (context?.needsKms !== true) return await currentCredentials(source);
    await context.fulfil(source.config.network);
    return {};
  };
  return Object.create(source.encryption, {
    _mongoCrypt: { value: makers },
    askForKMSCredentials: { value: askForKMSCredentials },
  }) as mongo.ClientEncryption;
}

function isKnown(encryption: mongo.ClientEncryption): boolean {
  const crypt = cryptOf(encryption) as { makeDataKeyContext?: unknown } | undefined;
  return typeof crypt?.makeDataKeyContext === 'function' && 'askForKMSCredentials' in encryption;
}

function cryptOf(encryption: mongo.ClientEncryption): object | undefined {
  return (encryption as { _mongoCrypt?: object })._mongoCrypt;
}
