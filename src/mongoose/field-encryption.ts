import type { Connection, Schema } from 'mongoose';
import { InvalidOptionsError } from '../errors';
import type { BootstrapOptions, BootstrapReport } from '../keys/bootstrap-keys';
import type { ExplicitEncryption } from '../keys/explicit-encryption';
import { type KeyOptions, readKeyConfig } from '../keys/key-config';
import type { KeyVaultHandle } from '../keys/key-vault-handle';
import { encryptedPathsOf, type EncryptedPath } from '../plan/encrypted-paths';
import { bootstrapModels } from './bootstrap-models';
import { planOf } from './bound-model';
import { decryptStored } from './decrypt-stored';
import { usesOn } from './declared-keys';
import { diagnose, type Diagnosis } from './diagnose';
import { HandleRuntime } from './handle-runtime';
import type { AnyModel } from './native-collection';
import { type PluginOptions, plugInto } from './plugin';
import { READING_OPTIONS, type ReadingOptions, readPolicyOf } from './read-policy';
import { verifyModels } from './verify-models';

/** What `fieldEncryption` takes. */
export interface FieldEncryptionOptions extends KeyOptions, ReadingOptions {
  /**
   * Whether errors of Mongoose itself, such as `CastError` and `ValidationError`, are freed of the values of encrypted paths: of their
   * messages, stacks and properties. By default false: they are the errors of a model without encrypted fields.
   */
  readonly redactErrors?: boolean | undefined;
}

/** A model of any document: what a `Model<T>` is to the handle. */
export interface DeclaringModel {
  readonly modelName: string;
  readonly schema: object;
  readonly db: Connection;
}

/** What is done with the keys and models of connections; every connection has its own. */
export interface FieldEncryptionHandle {
  /**
   * Creates the data keys that the models of `connection` name and the key vault lacks, and the unique index on their names.
   *
   * @throws {InvalidOptionsError} for an unknown option, or one of the wrong kind.
   * @throws {ModelNotBoundError} where a model declares encrypted fields that nothing encrypts.
   * @throws {DuplicateKeyNameError} where the key vault holds two keys of one of the names.
   * @throws {KeyVaultIndexError} where the index on their names is another than it has to be.
   * @throws {KeyVaultUnavailableError} where the key vault cannot be read or written.
   */
  bootstrapKeys(connection: Connection, options?: BootstrapOptions): Promise<BootstrapReport>;

  /** The data keys of the connection's key vault: to list, create, name, re-wrap and delete them. */
  keyVault(connection: Connection): Promise<KeyVaultHandle>;

  /**
   * Refuses a connection with a model that declares encrypted fields and that no plugin encrypts.
   *
   * @throws {ModelNotBoundError}
   */
  verify(connection: Connection): Promise<void>;

  /**
   * Looks at all that encryption needs on `connection`: the database, the models, the key vault and its index, the names that models
   * need, and every master key, with which a data key is wrapped and unwrapped. Nothing is written; what is wrong is found, not thrown.
   */
  diagnose(connection: Connection): Promise<Diagnosis>;

  /**
   * The driver's own `ClientEncryption` over the same key vault and master keys, for explicit work, with `close`. Each call gives one
   * of its own.
   */
  clientEncryption(connection: Connection): Promise<ExplicitEncryption>;

  /** The encrypted fields of `model` and of its discriminators, in the order of the schema. */
  encryptedPaths(model: DeclaringModel): EncryptedPath[];

  /**
   * Documents as the database stores them, decrypted: a copy of what the driver or `connection.collection(name)` read.
   *
   * @throws {DecryptionFailedError} where a ciphertext cannot be decrypted.
   * @throws {PlaintextFoundError} where a declared path holds something else, unless that is allowed.
   */
  decrypt<Stored extends object>(model: DeclaringModel, stored: Stored): Promise<Stored>;

  /** The paths of `document`, dotted with array positions, whose stored values could not be decrypted. */
  undecryptable(document: object): readonly string[];

  /**
   * Calls `callback`, and waits for what it returns: the functions that name data keys find `context` in their `KeyContext` for every
   * command in it. A query that is returned is executed here; a cursor that is made here keeps the context.
   */
  run<Result>(
    context: unknown,
    callback: () => Result | PromiseLike<Result>,
  ): Promise<Awaited<Result>>;

  /** Forgets the keys of `connection`, so that nothing of this handle keeps the process alive. */
  close(connection: Connection): Promise<void>;
}

/** A Mongoose plugin that encrypts what a schema declares, and the handle to its keys. */
export interface FieldEncryption extends FieldEncryptionHandle {
  /**
   * The plugin: `schema.plugin(fle)` or `schema.plugin(fle, { class: Patient })`. It does nothing where nothing is declared. The options
   * `plaintext` and `undecryptable` are those of the handle, for the models of this schema.
   *
   * @throws {FleError} every error of configuration that can be seen before a model is compiled.
   */
  (schema: Schema, options?: PluginOptions): void;
}

/**
 * The plugin and handle for models with encrypted fields.
 *
 * @example
 * const fle = fieldEncryption({ kmsProviders: { local: { key: process.env.FLE_MASTER_KEY } } });
 * patientSchema.plugin(fle, { class: Patient });
 *
 * @throws {InvalidOptionsError} for an unknown option, or one of the wrong kind.
 * @throws {InvalidKmsConfigError} for a KMS provider that is unknown, incomplete or wrong.
 */
export function fieldEncryption(options: FieldEncryptionOptions): FieldEncryption {
  const config = readKeyConfig(options, [...READING_OPTIONS, 'redactErrors']);
  const reading = readPolicyOf(options, 'fieldEncryption');
  const runtime = new HandleRuntime(config, reading, flagOf('redactErrors', options.redactErrors));
  const plugin = (schema: Schema, pluginOptions: PluginOptions = {}): void => {
    plugInto(schema, pluginOptions, { runtime, plugin });
  };
  return Object.assign(plugin, handleOf(runtime));
}

function handleOf(runtime: HandleRuntime): FieldEncryptionHandle {
  return {
    bootstrapKeys: async (connection: Connection, options?: BootstrapOptions) =>
      await bootstrapModels(await connection.asPromise(), runtime, options),
    keyVault: async (connection: Connection) => {
      const opened = await connection.asPromise();
      return runtime.keyRingOf(opened).keyVault(usesOn(opened, runtime));
    },
    verify: async (connection: Connection) => {
      const opened = await connection.asPromise();
      verifyModels(opened, runtime);
    },
    diagnose: async (connection: Connection) => await diagnose(connection, runtime),
    clientEncryption: async (connection: Connection) =>
      runtime.keyRingOf(await connection.asPromise()).clientEncryption(),
    encryptedPaths: (model: DeclaringModel) =>
      encryptedPathsOf(planOf(model as unknown as AnyModel)),
    decrypt: async <Stored extends object>(model: DeclaringModel, stored: Stored) =>
      await decryptStored(model as unknown as AnyModel, stored, runtime),
    undecryptable: (document: object) => runtime.undecryptable.get(document) ?? [],
    run: async <Result>(
      context: unknown,
      callback: () => Result | PromiseLike<Result>,
    ): Promise<Awaited<Result>> =>
      await runtime.contexts.run(context, async () => await callback()),
    close: async (connection: Connection) => {
      await runtime.close(connection);
    },
  };
}

/** A flag that was given, by default false. */
function flagOf(option: string, given: unknown): boolean {
  if (given === undefined || typeof given === 'boolean') return given === true;
  throw new InvalidOptionsError({
    where: 'fieldEncryption',
    wrong: `the option ${option} is not a boolean.`,
    remedy: 'Leave it out for false, or give true.',
  });
}
