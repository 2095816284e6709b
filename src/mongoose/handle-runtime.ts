import { AsyncLocalStorage } from 'node:async_hooks';
import type { Connection, mongo } from 'mongoose';
import { UnsupportedOperationError } from '../errors';
import type { KeyConfig } from '../keys/key-config';
import { type KeyRing, openKeyRing } from '../keys/key-ring';
import type { AnyModel, CollectionConnection } from './native-collection';
import type { ReadPolicy } from './read-policy';

/** What a handle keeps: its configuration, and the keys of each MongoClient it has met. */
export class HandleRuntime {
  readonly config: KeyConfig;
  readonly reading: ReadPolicy;
  /** Whether Mongoose's own errors are freed of encrypted values. */
  readonly redactsErrors: boolean;
  /** By client, not by connection: `useDb` shares the client, and reconnecting changes it. */
  readonly #keyRings = new WeakMap<mongo.MongoClient, KeyRing>();
  /** The models of a connection that have been looked over by `verify`. */
  readonly verified: WeakMap<Connection, readonly AnyModel[]>;
  /** Where in a document values stood that could not be decrypted, as dotted paths with array positions. */
  readonly undecryptable: WeakMap<object, readonly string[]>;

  /** What `fle.run` was given, for the functions that name keys. */
  readonly contexts: AsyncLocalStorage<unknown>;

  constructor(config: KeyConfig, reading: ReadPolicy, redactsErrors: boolean) {
    this.config = config;
    this.reading = reading;
    this.redactsErrors = redactsErrors;
    this.verified = new WeakMap();
    this.undecryptable = new WeakMap();
    this.contexts = new AsyncLocalStorage();
  }

  /** @throws {UnsupportedOperationError} where the connection has never been opened. */
  keyRingOf(connection: Connection): KeyRing {
    const client = clientOf(connection);
    if (client === undefined) {
      throw new UnsupportedOperationError({
        wrong: 'the connection has not been opened.',
        remedy: 'Call mongoose.connect(…), or createConnection(…), first.',
      });
    }
    let keyRing = this.#keyRings.get(client);
    if (keyRing === undefined) {
      const { mongo: driver } = (connection as CollectionConnection).base;
      keyRing = openKeyRing({ driver, client, config: this.config });
      this.#keyRings.set(client, keyRing);
    }
    return keyRing;
  }

  /**
   * `open` in the context of now, whenever it is called: a cursor that is made in `fle.run` may be opened outside of it. Where the context
   * is the same, nothing is run in it: from the first `run` of a process on, Node.js 20 follows every promise there is.
   */
  inContext<A extends unknown[], T>(
    open: (...given: A) => Promise<T>,
  ): (...given: A) => Promise<T> {
    const { contexts } = this;
    const context = contexts.getStore();
    return (...given) =>
      contexts.getStore() === context ? open(...given) : contexts.run(context, open, ...given);
  }

  /** Closes what `keyRingOf` opened; the next use opens it anew. */
  async close(connection: Connection): Promise<void> {
    const client = clientOf(connection);
    const keyRing = client && this.#keyRings.get(client);
    if (client === undefined || keyRing === undefined) return;
    this.#keyRings.delete(client);
    await keyRing.close();
  }
}

/** The client of `connection`; Mongoose has none before `connect`, whatever its types say. */
export function clientOf(connection: Connection): mongo.MongoClient | undefined {
  return connection.getClient();
}
