import mongoose, { type Connection, type mongo } from 'mongoose';
import { type DatabaseKeys, inConnectionMode } from '../connection-mode';
import { TWIN, watchModelsOf } from './watched-models';
import { hearDebug, learnFrom, LISTENING, listenTo } from './wire-machine';

/** What of Mongoose's connections is needed to be there when they are opened. */
interface OpeningConnection extends Connection {
  readonly base: mongoose.Mongoose & { readonly options: { debug?: unknown } };
  createClient: (uri: unknown, options?: mongo.MongoClientOptions) => Promise<Connection>;
}

const keysOfDatabases = new Map<string, DatabaseKeys>();

/** Tells what a connection to `database` needs to decrypt by itself. */
export function registerKeys(database: string, keys: DatabaseKeys): void {
  keysOfDatabases.set(database, keys);
  keysOfDatabases.set(`${database}${TWIN}`, keys);
}

/** From now on every connection of every Mongoose is opened in the mode of this run, and listened to. */
export function watchConnections(): void {
  const prototype = Object.getPrototypeOf(mongoose.connection) as OpeningConnection;
  const { createClient } = prototype;
  prototype.createClient = async function (this: OpeningConnection, uri, options = {}) {
    const database = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(String(uri))?.[1] ?? '';
    const isTwin = database.endsWith(TWIN);
    const listening = isTwin ? { monitorCommands: true } : LISTENING;
    const inMode = inConnectionMode(options, keysOfDatabases.get(database));
    const before = this.getClient() as mongo.MongoClient | undefined;
    const opening = createClient.call(this, uri, { ...listening, ...inMode });
    const client = this.getClient() as mongo.MongoClient | undefined; // made before anything is awaited
    if (client !== undefined && client !== before) {
      if (isTwin) learnFrom(client);
      else listenTo(this, client);
    }
    if (!isTwin && this.base.options.debug === undefined) this.base.set('debug', hearDebug);
    watchModelsOf(this);
    return await opening;
  };
}
