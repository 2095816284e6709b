import type { ObjectNode } from '../plan/encryption-plan';

/**
 * What the events of a change stream hold, over a collection whose documents `root` describes. `updatedFields`, and on a sharded
 * collection `documentKey`, name their values by dotted paths.
 *
 * Source: MongoDB's manual, "Change Events", 8.0.
 */
export function shapeOfChanges(root: ObjectNode): ObjectNode {
  const byPath: ObjectNode = { ...root, keyedByPaths: true };
  return {
    kind: 'object',
    children: new Map([
      ['documentKey', byPath],
      ['fullDocument', root],
      ['fullDocumentBeforeChange', root],
      ['updateDescription', objectWith('updatedFields', byPath)],
    ]),
    rest: undefined,
  };
}

function objectWith(key: string, node: ObjectNode): ObjectNode {
  return { kind: 'object', children: new Map([[key, node]]), rest: undefined };
}
