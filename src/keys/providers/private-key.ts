import { type KeyObject, createPrivateKey } from 'node:crypto';
import { kindOf } from '../kind-of';
import type { Field } from './fields';

/** The private key of a service account, in any form that people have it in; it is read as PKCS#8. */
export const PRIVATE_KEY: Field = {
  required: true,
  remedy: 'Give the RSA key in PKCS#8: its bytes, their base64, or PEM.',
  faultOf: (value) => {
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
      return `the private key is ${kindOf(value)}, neither bytes nor text.`;
    }
    const key = parse(value);
    if (key === undefined) return 'the private key cannot be read.';
    return key.asymmetricKeyType === 'rsa' ? undefined : 'the private key is not one of RSA.';
  },
  read: (value) => parse(value as string | Uint8Array)?.export({ type: 'pkcs8', format: 'der' }),
};

function parse(value: string | Uint8Array): KeyObject | undefined {
  const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value);
  const text = bytes.toString('latin1');
  try {
    if (text.includes('-----BEGIN')) {
      return createPrivateKey(text.replaceAll(String.raw`\r`, '').replaceAll(String.raw`\n`, '\n'));
    }
    const key = typeof value === 'string' ? Buffer.from(value, 'base64') : bytes;
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } catch {
    // What OpenSSL says of it may show parts of the key.
    return undefined;
  }
}
