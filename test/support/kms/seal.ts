import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** A master key in a KMS: it wraps and unwraps, and does not come out. */
export interface MasterKey {
  wrap(plain: Buffer): Buffer;
  /** @throws {Error} for what it has not wrapped. */
  unwrap(wrapped: Buffer): Buffer;
}

/** A new master key, of AES-256-GCM. */
export function createMasterKey(): MasterKey {
  const key = randomBytes(32);
  return {
    wrap: (plain) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
    },
    unwrap: (wrapped) => {
      const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, 12));
      decipher.setAuthTag(wrapped.subarray(12, 28));
      return Buffer.concat([decipher.update(wrapped.subarray(28)), decipher.final()]);
    },
  };
}

/** Master keys by their names, each made when it is first asked for. */
export function createMasterKeys(): (name: string) => MasterKey {
  const keys = new Map<string, MasterKey>();
  return (name) => {
    const key = keys.get(name) ?? createMasterKey();
    keys.set(name, key);
    return key;
  };
}
