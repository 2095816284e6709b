import type { KeyUse, UsesOf } from './key-use';
import type { KeyDocument } from './key-vault';

/** A data key of the key vault, as it may be shown: without its material. Frozen. */
export interface VaultKey {
  /** The identifier, as UUID text. It stands in every ciphertext of the key. */
  readonly id: string;
  readonly keyAltNames: readonly string[];
  /** The KMS provider whose master key wraps it, such as `aws` or `aws:eu`. */
  readonly provider: string;
  /** Which master key of the provider: its fields as in `dataKeys`; none for `local`. Never a secret. */
  readonly masterKey: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  /** When it was last wrapped. */
  readonly updatedAt: Date;
  /** The fields of the process's models that name it. Values may be stored under it that no model names. */
  readonly usedBy: readonly KeyUse[];
}

/** `document`, as it may be shown. */
export function vaultKeyOf(document: KeyDocument, usesOf: UsesOf): VaultKey {
  const keyAltNames = [...(document.keyAltNames ?? [])].sort();
  const { provider, ...masterKey } = document.masterKey;
  return Object.freeze({
    id: document._id.toString(),
    keyAltNames: Object.freeze(keyAltNames),
    provider: String(provider),
    masterKey: Object.freeze(masterKey),
    createdAt: document.creationDate,
    updatedAt: document.updateDate,
    usedBy: Object.freeze(keyAltNames.flatMap(usesOf)),
  });
}

/** A data key as messages call it: by its names, or by its identifier. */
export function labelOf({ id, keyAltNames }: Pick<VaultKey, 'id' | 'keyAltNames'>): string {
  return keyAltNames.length === 0 ? id : keyAltNames.map((name) => `"${name}"`).join(', ');
}
