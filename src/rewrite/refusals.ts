import {
  type FleErrorText,
  UnsupportedFilterError,
  UnsupportedOperationError,
  UnsupportedStageError,
  UnsupportedUpdateError,
} from '../errors';
import type { RewriteScope } from './rewrite-scope';

/** Why something is refused. */
export interface Refusal {
  /** The encrypted field, or the path as the command wrote it; left out where the whole command is meant. */
  readonly path?: string | undefined;
  readonly wrong: string;
  readonly remedy: string;
}

/** The error for a filter. */
export function unsupportedFilter(refusal: Refusal, scope: RewriteScope): UnsupportedFilterError {
  return new UnsupportedFilterError(textOf(refusal, scope));
}

/** The error for an update. */
export function unsupportedUpdate(refusal: Refusal, scope: RewriteScope): UnsupportedUpdateError {
  return new UnsupportedUpdateError(textOf(refusal, scope));
}

/** The error for a stage of a pipeline. */
export function unsupportedStage(refusal: Refusal, scope: RewriteScope): UnsupportedStageError {
  return new UnsupportedStageError(textOf(refusal, scope));
}

/** The error for a projection, an option or a method. */
export function unsupportedOperation(
  refusal: Refusal,
  scope: RewriteScope,
): UnsupportedOperationError {
  return new UnsupportedOperationError(textOf(refusal, scope));
}

function textOf(refusal: Refusal, { plan, operation }: RewriteScope): FleErrorText {
  return { model: plan.name, operation, ...refusal };
}
