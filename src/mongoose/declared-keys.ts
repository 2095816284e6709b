import type { Connection } from 'mongoose';
import type { KeyUse, UsesOf } from '../keys/key-use';
import { type DeclaredNames, declaredNamesOf } from '../plan/check-keys';
import type { EncryptedField } from '../plan/encryption-plan';
import { boundaryOf } from './boundary-mark';
import { planOf } from './bound-model';
import type { HandleRuntime } from './handle-runtime';
import { knownMongooses } from './known-mongooses';
import { type AnyModel, type CollectionConnection, modelsOf } from './native-collection';
import { connectionsOf } from './related-connections';

/** The names of the data keys that the models of `connection` declare, as far as they belong to this handle. */
export function namesOn(connection: Connection, runtime: HandleRuntime): DeclaredNames {
  return declaredNamesOf(
    ownModels(connection, runtime).flatMap((model) => [...planOf(model).fields]),
  );
}

/**
 * Which fields use which data key: those of the models of all handles whose keys are in a vault of the same name, on every connection of
 * every Mongoose of the process, whichever its client: there is no telling whether two clients lead to the same. They are looked at
 * when it is asked, once for all keys that are asked about at the same time.
 */
export function usesOn(connection: Connection, runtime: HandleRuntime): UsesOf {
  let users: readonly KeyUser[] | undefined;
  return (keyAltName) => {
    if (users === undefined) {
      users = keyUsers(connection, runtime);
      queueMicrotask(() => (users = undefined));
    }
    return users.filter(({ field }) => mayName(field, keyAltName)).map(({ use }) => use);
  };
}

interface KeyUser {
  readonly field: EncryptedField;
  readonly use: KeyUse;
}

/** Every field whose key is in a vault of the name that `config` gives; one that several connections have alike stands there once. */
function keyUsers(connection: Connection, { config }: HandleRuntime): KeyUser[] {
  const mongooses = new Set([(connection as CollectionConnection).base, ...knownMongooses()]);
  const connections = [...mongooses].flatMap((mongoose) => mongoose.connections);
  const users = connectionsOf([connection, ...connections])
    .flatMap(modelsOf)
    .filter((model) => runtimeOf(model)?.config.keyVault.text === config.keyVault.text)
    .flatMap((model) =>
      planOf(model).fields.map((field) => ({
        field,
        use: { model: model.modelName, path: field.path },
      })),
    );
  const byText = users.map(
    (user) => [JSON.stringify([user.use, user.field.keyAltName]), user] as const,
  );
  return [...new Map(byText).values()];
}

/** Whether the key of `field` is the one of that name, or that of some document. What functions give is not known. */
function mayName({ keyAltName: rule }: EncryptedField, keyAltName: string): boolean {
  if (typeof rule === 'string') return rule === keyAltName;
  return rule.kind === 'pointer' && keyAltName.startsWith(rule.prefix);
}

/** The models that this handle encrypts: those of another have their keys in its vault. */
function ownModels(connection: Connection, runtime: HandleRuntime): AnyModel[] {
  return modelsOf(connection).filter((model) => runtimeOf(model) === runtime);
}

function runtimeOf(model: AnyModel): HandleRuntime | undefined {
  return boundaryOf(model.collection)?.bound.runtime;
}
