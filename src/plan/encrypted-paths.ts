import type { AlgorithmName } from '../declaration/algorithm';
import type { KeyAltName } from '../declaration/key-source';
import type { EncryptionPlan } from './encryption-plan';
import { sourceOfRule } from './key-rule';

/** An encrypted path of a model, as a developer may read it. */
export interface EncryptedPath {
  readonly path: string;
  readonly algorithm: AlgorithmName;
  /** The name of the data key, or how it is found for each document, as it was declared. */
  readonly keyAltName: KeyAltName;
  readonly whole: boolean;
}

/** The encrypted paths of a plan, in the schema's order. */
export function encryptedPathsOf({ fields }: EncryptionPlan): EncryptedPath[] {
  return fields.map(({ path, algorithm, keyAltName, whole }) => ({
    path,
    algorithm,
    keyAltName: sourceOfRule(keyAltName),
    whole,
  }));
}
