import { recordOf } from '../codec/record-of';
import { computedFields } from './computed-fields';
import { readsEncrypted } from './expression';
import { checkComputedPath } from './keys-after-update';
import { listOf, nameOf, rowOf, textOf } from './plain-values';
import { unsupportedUpdate } from './refusals';
import type { RewriteScope } from './rewrite-scope';
import { fieldOf, targetOf } from './target';
import { UPDATE_STAGES } from './update-operators';

const CHECKS: Readonly<
  Record<'assign' | 'remove', (operand: unknown, scope: RewriteScope) => void>
> = { assign: checkAssigned, remove: checkRemoved };

const WITH_OPERATORS = 'Update encrypted fields with $set, outside of a pipeline.';

/**
 * Checks an update of encrypted documents that is a pipeline: the server computes it, so it may not touch anything encrypted.
 *
 * @throws {UnsupportedUpdateError} where it does, or may.
 */
export function checkUpdatePipeline(stages: readonly unknown[], scope: RewriteScope): void {
  for (const stage of stages) {
    for (const [key, operand] of Object.entries(recordOf(stage) ?? { '': stage })) {
      const kind = rowOf<'assign' | 'remove'>(UPDATE_STAGES, key);
      if (kind === undefined) {
        const wrong = `${nameOf(key)} is not available in an update of a model with encrypted fields.`;
        throw unsupportedUpdate({ wrong, remedy: WITH_OPERATORS }, scope);
      }
      CHECKS[kind](operand, scope);
    }
  }
}

function checkAssigned(operand: unknown, scope: RewriteScope): void {
  const record = recordOf(operand);
  if (record === undefined) {
    const wrong = 'a stage is given something else than an object of paths.';
    throw unsupportedUpdate({ wrong, remedy: WITH_OPERATORS }, scope);
  }
  for (const { path, value } of computedFields(record)) {
    refuseEncryptedTarget(path, scope);
    if (!readsEncrypted(value, scope.plan.root)) continue;
    const wrong = `"${path}" is computed from an encrypted field, or something that may hold one.`;
    throw unsupportedUpdate({ wrong, remedy: WITH_OPERATORS }, scope);
  }
}

function checkRemoved(operand: unknown, scope: RewriteScope): void {
  for (const path of listOf(operand) ?? [operand]) refuseEncryptedTarget(textOf(path), scope);
}

function refuseEncryptedTarget(path: string, scope: RewriteScope): void {
  checkComputedPath(path, scope);
  const field = fieldOf(targetOf(scope.plan.root, path));
  if (field === undefined) return;
  const wrong = 'a pipeline cannot change an encrypted path.';
  throw unsupportedUpdate({ path: field.path, wrong, remedy: WITH_OPERATORS }, scope);
}
