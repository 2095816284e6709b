import type { EncryptedField, EncryptionPlan } from './encryption-plan';

/** An encrypted path of a model, as a developer may read it. */
export type EncryptedPath = Pick<EncryptedField, 'path' | 'algorithm' | 'keyAltName' | 'whole'>;

/** The encrypted paths of a plan, in the schema's order. */
export function encryptedPathsOf({ fields }: EncryptionPlan): EncryptedPath[] {
  return fields.map(({ path, algorithm, keyAltName, whole }) => ({
    path,
    algorithm,
    keyAltName,
    whole,
  }));
}
