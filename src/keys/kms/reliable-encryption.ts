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

/** How one call differs from the usual. */
export interface OneCallOptions {
  /** What makes the contexts that it drives; by default the encryption itself. */
  readonly crypt?: object;
  /** Is given the output of libmongocrypt. */
  readonly onOutput?: (output: Uint8Array) => void;
}

/** A stand-in for the encryption of `source` that serves one call. */
export function oneCall(
  source: CredentialSource,
  { crypt = cryptOf(source.encryption), onOutput }: OneCallOptions = {},
): mongo.ClientEncryption {
  let context: KmsContext | undefined;
  const makers = new Proxy(crypt ?? {}, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]) => {
        const driven = (value as Method).apply(target, parameters) as DrivenContext;
        context = new KmsContext(driven, onOutput);
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

/** Whether the inner parts of `encryption` are those that `oneCall` needs. */
export function isKnown(encryption: mongo.ClientEncryption): boolean {
  const crypt = cryptOf(encryption) as { makeDataKeyContext?: unknown } | undefined;
  return typeof crypt?.makeDataKeyContext === 'function' && 'askForKMSCredentials' in encryption;
}

function cryptOf(encryption: mongo.ClientEncryption): object | undefined {
  return (encryption as { _mongoCrypt?: object })._mongoCrypt;
}
