import type { Connection } from 'mongoose';
import type { KeyUse, UsesOf } from '../keys/key-use';
import { type DeclaredNames, declaredNamesOf } from '../plan/check-keys';
import type { EncryptedField } from '../plan/encryption-plan';
import { boundaryOf } from './boundary-mark';
import { planOf } from './bound-model';
import type { HandleRuntime } from './handle-runtime';
import { type AnyModel, type CollectionConnection, modelsOf } from './native-collection';
import { connectionsOf } from './related-connections';

/** The names of the data keys that the models of `connection` declare, as far as they belong to this handle. */
export function namesOn(connection: Connection, runtime: HandleRuntime): DeclaredNames {
  return declaredNamesOf(
    ownModels(connection, runtime).flatMap((model) => [...planOf(model).fields]),
  );
}

/**
 * Which fields use which data key: those of the models of this handle on every connection, whichever its client: all have their keys in
 * a vault of the same name, and there is no telling whether two clients lead to the same. They are looked at when it is asked.
 */
export function usesOn(connection: Connection, runtime: HandleRuntime): UsesOf {
  return (keyAltName) => {
    const { connections } = (connection as CollectionConnection).base;
    return [...new Set([connection, ...connectionsOf(connections)])].flatMap((each) =>
      usesIn(ownModels(each, runtime), keyAltName),
    );
  };
}

function usesIn(models: readonly AnyModel[], keyAltName: string): KeyUse[] {
  return models.flatMap((model) =>
    planOf(model)
      .fields.filter((field) => mayName(field, keyAltName))
      .map(({ path }) => ({ model: model.modelName, path })),
  );
}

/** Whether the key of `field` is the one of that name, or that of some document. What functions give is not known. */
function mayName({ keyAltName: rule }: EncryptedField, keyAltName: string): boolean {
  if (typeof rule === 'string') return rule === keyAltName;
  return rule.kind === 'pointer' && keyAltName.startsWith(rule.prefix);
}

/** The models that this handle encrypts: those of another have their keys in its vault. */
function ownModels(connection: Connection, runtime: HandleRuntime): AnyModel[] {
  return modelsOf(connection).filter(
    (model) => boundaryOf(model.collection)?.bound.runtime === runtime,
  );
}
