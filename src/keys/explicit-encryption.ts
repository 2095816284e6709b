import type { mongo } from 'mongoose';
import { type Binary, type Bson, bsonTypeOf, isCiphertext } from '../codec/bson';
import { keyIdOf } from '../codec/ciphertext-fault';
import { checkKeyName } from './check-key-name';
import type { OnKey } from './first-alone';
import { openGate } from './gate';
import { keyIdentified, keyNamed } from './key-ref';
import type { Driver } from './key-vault';

/** The driver's own `ClientEncryption`, for explicit work, with an end. */
export type ExplicitEncryption = mongo.ClientEncryption & {
  /** Waits for what is under way; what comes after rejects with a `HandleClosedError`. The connection stays open. */
  close(): Promise<void>;
};

/** What an explicit encryption is made of. */
export interface ExplicitEncryptionOptions {
  readonly driver: Driver;
  /** The object that does the work now: another one after keys have changed. */
  readonly current: () => mongo.ClientEncryption;
  /** Through which every operation passes first. */
  readonly pass: <T>(operation: () => Promise<T>) => Promise<T>;
  /** Through which passes what needs a key unwrapped. */
  readonly onKey: OnKey;
  /** Is called when keys were deleted, or have lost a name. */
  readonly onChange: () => void;
}

type Method = (...parameters: readonly unknown[]) => unknown;

/** What makes keys that are in memory wrong. */
const CHANGING: ReadonlySet<string | symbol> = new Set(['removeKeyAltName', 'deleteKey']);

/** The names of keys among the parameters of a method. libmongocrypt would cut a name at its first NUL. */
const NAMES_GIVEN: Readonly<Record<string, (parameters: readonly unknown[]) => unknown>> = {
  createDataKey: ([, options]) => (options as { keyAltNames?: unknown } | undefined)?.keyAltNames,
  encrypt: ([, options]) => nameIn(options),
  encryptExpression: ([, options]) => nameIn(options),
  addKeyAltName: ([, name]) => [name],
};

/** The key that a method needs unwrapped. */
const KEYS_NEEDED: Readonly<
  Record<string, (parameters: readonly unknown[]) => string | undefined>
> = {
  encrypt: ([, options]) => keyIn(options),
  encryptExpression: ([, options]) => keyIn(options),
  decrypt: ([ciphertext]) =>
    isCiphertext(ciphertext) ? keyIdentified(keyIdOf(ciphertext.value())) : undefined,
};

/**
 * An object with all that the driver's `ClientEncryption` has, whichever version it is of, and with `close`. Keys that change are
 * forgotten at once, in the whole process.
 */
export function explicitEncryption(options: ExplicitEncryptionOptions): ExplicitEncryption {
  const { driver, current, pass, onKey, onChange } = options;
  const gate = openGate('clientEncryption.close()');
  const call = async (name: string | symbol, parameters: readonly unknown[]): Promise<unknown> => {
    checkNames(name, parameters);
    const key = KEYS_NEEDED[String(name)]?.(parameters);
    const given = key === undefined ? parameters : copyOf(parameters, driver.BSON);
    try {
      return await onKey(key, async () => await methodOf(current(), name)(...given));
    } finally {
      if (CHANGING.has(name)) onChange(); // also where it fails: the server may have done it all the same
    }
  };
  const shape = Object.create(driver.ClientEncryption.prototype) as ExplicitEncryption;
  return new Proxy(shape, {
    get: (_, name) => {
      if (name === 'close') return () => gate.close();
      const value: unknown = Reflect.get(current(), name);
      if (typeof value !== 'function' || name === 'constructor') return value;
      if (name === 'getKeys') {
        return () => {
          gate.check();
          return current().getKeys();
        };
      }
      return async (...parameters: readonly unknown[]) =>
        await pass(() => gate.pass(() => call(name, parameters)));
    },
  });
}

function methodOf(encryption: mongo.ClientEncryption, name: string | symbol): Method {
  return (Reflect.get(encryption, name) as Method).bind(encryption);
}

/** What the caller changes, or wipes, while the call waits for its key, changes nothing. */
function copyOf([value, ...others]: readonly unknown[], bson: Bson): unknown[] {
  const options = others.map((other) => (typeof other === 'object' ? { ...other } : other));
  if (typeof value !== 'object' || value === null) return [value, ...options];
  const copy = bson.deserialize(bson.serialize({ v: value }), {
    promoteValues: false,
    bsonRegExp: true,
  }) as { v: unknown };
  return [copy.v, ...options];
}

function keyIn(options: unknown): string | undefined {
  const { keyAltName, keyId } = (options ?? {}) as { keyAltName?: unknown; keyId?: unknown };
  if (typeof keyAltName === 'string') return keyNamed(keyAltName);
  return bsonTypeOf(keyId) === 'Binary' ? keyIdentified((keyId as Binary).value()) : undefined;
}

function nameIn(options: unknown): unknown[] {
  const { keyAltName } = (options ?? {}) as { keyAltName?: unknown };
  return keyAltName === undefined ? [] : [keyAltName];
}

function checkNames(method: string | symbol, parameters: readonly unknown[]): void {
  const names = NAMES_GIVEN[String(method)]?.(parameters);
  if (Array.isArray(names)) for (const name of names) checkKeyName(name);
}
