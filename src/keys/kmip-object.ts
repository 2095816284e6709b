import type { MasterKeyChoice } from './data-keys';

/** Whether wrapping a data key under this choice makes an object on a KMIP server. It stays there, whatever becomes of the data key. */
export function makesKmipObject({ provider, masterKey }: MasterKeyChoice): boolean {
  if (provider !== 'kmip' && !provider.startsWith('kmip:')) return false;
  const { keyId } = (masterKey ?? {}) as { readonly keyId?: string };
  return keyId === undefined;
}
