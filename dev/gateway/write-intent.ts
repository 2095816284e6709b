import { deserialize, type Document } from 'bson';

import { type Command, collectionOf, readDocuments, readField } from './command';

/** What of a write cannot be seen by comparing documents. */
export interface WriteIntent {
  /** Whether it replaces documents rather than changing them. */
  readonly replaces: boolean;
  /** The paths that `$set` assigns. */
  readonly assigned: ReadonlySet<string>;
}

/** Whether `command` may change the collection of a namespace. */
export function mayChange(command: Command, namespace: string): boolean {
  switch (command.name) {
    case 'insert':
    case 'update':
    case 'delete':
    case 'findAndModify':
    case 'findandmodify':
    case 'drop':
      return namespace === `${command.database}.${collectionOf(command)}`;
    case 'bulkWrite':
      return readDocuments(command, 'nsInfo').some((info) => deserialize(info)['ns'] === namespace);
    case 'commitTransaction':
      return true;
    case 'dropDatabase':
      return namespace.startsWith(`${command.database}.`);
    default:
      return false;
  }
}

/** What the updates of `command` say that they do. */
export function intentOf(command: Command): WriteIntent {
  const updates = [
    ...statementsOf(command, 'updates').map(({ u }): unknown => u),
    ...statementsOf(command, 'ops').map(({ updateMods }): unknown => updateMods),
    /^findandmodify$/i.test(command.name) ? readField(command, 'update') : undefined,
  ].filter(isRecord);
  const operators = updates.filter((update) => Object.keys(update)[0]?.startsWith('$') === true);
  return {
    replaces: updates.length > operators.length,
    assigned: new Set(operators.flatMap(({ $set }) => (isRecord($set) ? Object.keys($set) : []))),
  };
}

function statementsOf(command: Command, list: string): Document[] {
  return readDocuments(command, list).map((statement) => deserialize(statement));
}

/** An update that is a pipeline changes documents. */
function isRecord(update: unknown): update is Document {
  return typeof update === 'object' && update !== null && !Array.isArray(update);
}
