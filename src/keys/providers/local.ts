import { type Binary, bsonTypeOf } from '../../codec/bson';
import { kindOf } from '../kind-of';
import { type Field, readFields } from './fields';
import type { ProviderKind } from './provider-kind';

/** The master key of the provider `local`: 96 bytes, or their base64. */
export type LocalMasterKey = Uint8Array | Binary | string;

/** A master key that the application itself keeps. An undefined key is refused: an environment variable may be unset. */
export interface LocalCredentials {
  readonly key: LocalMasterKey | undefined;
}

const LOCAL_KEY_BYTES = 96;
/** 96 bytes fill their base64 without padding. */
const LOCAL_KEY_BASE64 = /^[A-Za-z0-9+/]{128}$/;

const KEY: Field = {
  required: true,
  remedy:
    'Give 96 random bytes, or their base64: 128 characters, as `openssl rand -base64 96 | tr -d "\\n"` prints.',
  faultOf: localKeyFault,
  read: (key) =>
    typeof key === 'string' ? Buffer.from(key, 'base64') : Buffer.from(bytesOf(key) ?? []),
};

/** The provider `local`. Source: the client-side encryption specification, "Local". */
export const LOCAL: ProviderKind = {
  example: '{ key }',
  onDemand: false,
  readCredentials: (given, where) => readFields(given, { key: KEY }, where),
  masterKey: {},
  needsMasterKey: false,
};

function localKeyFault(key: unknown): string | undefined {
  if (typeof key === 'string') return base64Fault(key);
  const bytes = bytesOf(key);
  if (bytes === undefined) return `the master key is ${kindOf(key)}, neither bytes nor text.`;
  if (bytes.length === LOCAL_KEY_BYTES) return undefined;
  return `the master key has ${bytes.length} bytes, not ${LOCAL_KEY_BYTES}.`;
}

function base64Fault(text: string): string | undefined {
  if (LOCAL_KEY_BASE64.test(text)) return undefined;
  if (text === '') return 'the master key is empty text.';
  if (/\s/.test(text)) return 'the text of the master key holds white space.';
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return 'the text of the master key is not base64.';
  return `the text of the master key is not the base64 of ${LOCAL_KEY_BYTES} bytes.`;
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (bsonTypeOf(value) === 'Binary') return (value as Binary).value();
  return undefined;
}
