import type { mongo } from 'mongoose';
import { PlaintextCollector } from '../codec/collect-plaintext';
import { DocumentKeys } from '../codec/document-keys';
import { isFleError } from '../errors';
import type { KeyRing } from '../keys/key-ring';
import { declaredNamesOf } from '../plan/check-keys';
import type { EncryptionPlan, PlanNode } from '../plan/encryption-plan';
import { fieldsTouched } from '../plan/resolve-path';
import type { RewriteScope } from '../rewrite/rewrite-scope';
import type { BoundModel } from './bound-model';
import { Command } from './command';
import { withoutEncryptedKeys } from './duplicate-key';
import { clientOf } from './handle-runtime';
import { callMethod, type NativeCollection } from './native-collection';
import { refuseSharedCollection, shapeOfCollection } from './encrypted-collections';
import type { ReadPolicy } from './read-policy';
import { isExplained } from './reading-options';
import { verifyNewModels } from './verify-models';
import { isBuffering, isClosed, refuseWhenClosed, waitForConnection } from './wait-for-connection';

/** Rewrites what a method was called with; runs before anything is awaited, so that nothing can change underneath. */
export type Rewriting = (command: Command) => readonly unknown[];

/** A command that the database has answered. */
export interface Answered {
  readonly command: Command;
  readonly result: unknown;
}

/**
 * The place where a model's commands leave Mongoose: its collection. What goes out is rewritten and encrypted, in one batch; what
 * comes back is decrypted. The methods themselves are in write-methods.ts and read-methods.ts.
 */
export class CollectionBoundary {
  readonly bound: BoundModel;
  /** Mongoose's own collection. */
  readonly base: NativeCollection;
  readonly #declaredIn = new WeakMap<KeyRing, EncryptionPlan>();

  constructor(bound: BoundModel, base: NativeCollection) {
    this.bound = bound;
    this.base = base;
  }

  get root(): PlanNode {
    return this.bound.plan.root;
  }

  /** Runs the method `operation` of the collection with its arguments rewritten and encrypted. */
  async run(operation: string, rewrite: Rewriting): Promise<Answered> {
    const { command, parameters } = await this.prepare(operation, rewrite);
    try {
      const result = await callMethod(this.base, operation, parameters);
      const options = parameters.at(-1);
      return {
        command,
        result: isExplained(options) ? await command.explain(result, options) : result,
      };
    } catch (error) {
      const { root } = this.bound.plan;
      throw withoutEncryptedKeys(error, (path) => fieldsTouched(root, path).length > 0);
    }
  }

  /** The arguments of `operation`, rewritten and encrypted. */
  async prepare(
    operation: string,
    rewrite: Rewriting,
  ): Promise<{ command: Command; parameters: readonly unknown[] }> {
    if (isBuffering(this.base)) await waitForConnection(this.base, operation);
    refuseWhenClosed(this.base, operation);
    const command = this.#newCommand(operation);
    const parameters = rewritten(rewrite, command);
    if (command.hasSlots) await command.seal().catch(throwAsTwin);
    return { command, parameters };
  }

  /**
   * Makes sure that every data key that the model's schema names exists, or may be created. Without an open connection nothing is done: the
   * command that follows waits for it, or fails, as it would without encryption.
   */
  async prepareKeys(): Promise<void> {
    if (this.bound.isClear || isBuffering(this.base) || isClosed(this.base)) return;
    const { names } = declaredNamesOf(this.bound.ownFields);
    await this.#keyRing()
      .prepareKeys(names, 'write')
      .catch((error: unknown) => {
        if (notConnected(error) === undefined) throw error;
      });
  }

  /** The keys of the connection, told which of them this model declares. */
  #keyRing(): KeyRing {
    const { plan, runtime } = this.bound;
    const keyRing = runtime.keyRingOf(this.base.conn);
    if (this.#declaredIn.get(keyRing) !== plan) {
      refuseSharedCollection(this.bound.model);
      keyRing.declareKeys(declaredNamesOf(plan.fields).names);
      this.#declaredIn.set(keyRing, plan);
    }
    return keyRing;
  }

  /** What rewriting `operation` knows while nothing is encrypted, and no key is needed. */
  scopeOf(operation: string): RewriteScope {
    const { base, bound } = this;
    const { plan, runtime } = bound;
    const { BSON: bson } = base.conn.base.mongo;
    const facts = { model: plan.name, operation };
    const keys = new DocumentKeys({ ...facts, context: undefined, maySpread: true });
    return {
      plan,
      operation,
      values: new PlaintextCollector({ ...facts, bson, serializeOptions: {} }, keys),
      collation: undefined,
      shapeOfCollection: (name, database) =>
        shapeOfCollection({ name, database }, base.conn, runtime),
    };
  }

  #newCommand(operation: string): Command {
    const { conn } = this.base;
    const { plan, reading, runtime } = this.bound;
    verifyNewModels(conn, runtime);
    const { cipher } = this.#keyRing();
    const client = clientOf(conn);
    return new Command({
      plan,
      operation,
      cipher,
      context: runtime.contexts.getStore(),
      bson: conn.base.mongo.BSON,
      clientOptions: client?.bsonOptions ?? {},
      reading: readingOf(client, reading),
      clientDecrypts: decryptsByItself(client),
      shapeOfCollection: (name, database) => shapeOfCollection({ name, database }, conn, runtime),
    });
  }
}

function throwAsTwin(error: unknown): never {
  throw notConnected(error) ?? error;
}

/** @throws {InvalidValueError} where what was given is nested so deeply that no call stack reaches its end. */
function rewritten(rewrite: Rewriting, command: Command): readonly unknown[] {
  try {
    return rewrite(command);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw command.tooDeep();
  }
}

/** A client that decrypts by itself hands on plaintext. */
function readingOf(client: mongo.MongoClient | undefined, reading: ReadPolicy): ReadPolicy {
  return decryptsByItself(client) ? { ...reading, plaintext: 'read' } : reading;
}

function decryptsByItself(client: mongo.MongoClient | undefined): boolean {
  return client?.options.autoEncryption !== undefined;
}

/**
 * The driver's own error, where keys could not be read because the client is closed: without encryption the command would fail with it.
 *
 * Source: driver 7.8, src/error.ts, `MongoNotConnectedError`.
 */
function notConnected(error: unknown): unknown {
  if (!isFleError(error) || error.code !== 'FLE_KEY_VAULT_UNAVAILABLE') return undefined;
  const { cause } = error;
  return cause instanceof Error && cause.name === 'MongoNotConnectedError' ? cause : undefined;
}
