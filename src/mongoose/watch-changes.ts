import type { PlanNode } from '../plan/encryption-plan';
import { shapeOfChanges } from '../rewrite/change-events';
import { rewritePipeline } from '../rewrite/pipeline';
import { rewriteReadOptions } from '../rewrite/read-options';
import type { CollectionBoundary } from './collection-boundary';
import type { Command } from './command';
import { DecryptingChangeStream } from './decrypting-change-stream';
import { callMethod } from './native-collection';
import { readable } from './reading-options';

/** `watch` of a model with encrypted fields: its pipeline is followed as that of an aggregate, over what events hold. */
export function watchChanges(
  boundary: CollectionBoundary,
  pipeline: unknown,
  options: unknown,
): DecryptingChangeStream {
  const { MongoAPIError } = boundary.base.conn.base.mongo;
  let command: Command | undefined;
  let shape: PlanNode | undefined;
  return new DecryptingChangeStream({
    open: boundary.bound.runtime.inContext(async () => {
      const prepared = await boundary.prepare('watch', (fresh) => {
        const scope = fresh.query(options);
        const rewritten = rewritePipeline(pipeline ?? [], scope, shapeOfChanges(scope.plan.root));
        ({ shape } = rewritten);
        return readable([rewritten.pipeline, rewriteReadOptions(options, scope)], scope);
      });
      ({ command } = prepared);
      return callMethod(boundary.base, 'watch', prepared.parameters);
    }),
    decrypt: async (events) => {
      await command?.open(events, shape, options);
    },
    misuse: (message) => new MongoAPIError(message),
  });
}
