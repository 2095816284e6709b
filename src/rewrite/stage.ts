import type { DocumentKeys } from '../codec/document-keys';
import type { ObjectNode } from '../plan/encryption-plan';
import { unsupportedStage } from './refusals';
import type { RewriteScope } from './rewrite-scope';

/** What a stage becomes, and what the documents behind it hold. */
export interface RewrittenStage {
  readonly operand: unknown;
  readonly shape: ObjectNode;
  /** The keys of the documents behind it, where they are not those before it. */
  readonly keys?: DocumentKeys | undefined;
}

/** A stage on its way: its name, and the documents it is given. */
export interface Stage {
  readonly name: string;
  readonly shape: ObjectNode;
  /** For values of the documents that it is given. */
  readonly scope: RewriteScope;
  /** Whether those are documents as they are stored. */
  readonly isStored: boolean;
  /** Rewrites a pipeline inside the stage, over the documents that the stage is given. */
  readonly rewriteInner: (pipeline: unknown) => InnerPipeline;
  /** Rewrites a pipeline inside the stage, over the documents of another collection. */
  readonly rewriteForeign: (pipeline: unknown, shape: ObjectNode) => InnerPipeline;
}

/** A pipeline inside a stage, rewritten. */
export interface InnerPipeline {
  readonly pipeline: unknown[];
  readonly shape: ObjectNode;
  /** For values of the documents that it gives. */
  readonly scope: RewriteScope;
}

/** Rewrites the operand of one stage. */
export type RewriteStage = (operand: unknown, stage: Stage) => RewrittenStage;

/** How far a stage goes where documents hold encrypted fields. */
export interface StageSupport {
  readonly rewrite: RewriteStage;
  /** What of its operand may name an encrypted path. */
  readonly encrypted: string;
  /** Whether other collections, or other pipelines, stand in it, which are looked into wherever it stands. */
  readonly outward?: true;
}

/** What to do where a stage needs the plaintext. */
export const AFTER_READING = 'Compute with it after reading, or use a plain field.';

/** The error for `stage`. `wrong` goes on where the stage's name ends. */
export function refusedStage(
  stage: Stage,
  wrong: string,
  more: { readonly path?: string | undefined; readonly remedy?: string } = {},
): Error {
  const remedy = more.remedy ?? AFTER_READING;
  return unsupportedStage(
    { path: more.path, wrong: `${stage.name} ${wrong}`, remedy },
    stage.scope,
  );
}
