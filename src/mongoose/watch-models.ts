import type { Connection, Mongoose } from 'mongoose';
import { refuseUnbound } from './verify-models';

const WATCHED = Symbol.for('mongoose-fle.watched');

/** What of a Mongoose instance is relied on (Mongoose 9.12, lib/mongoose.js). */
interface WatchedMongoose extends Pick<Mongoose, 'connections'> {
  [WATCHED]?: boolean;
  readonly events: { on(event: 'createConnection', listener: (made: Connection) => void): unknown };
}

/**
 * Looks at every model that `mongoose` compiles from now on, and refuses one that declares encrypted fields and is not bound: a schema
 * with the plugin inside one without it gives no other sign.
 *
 * Source: Mongoose 9.12, lib/mongoose.js, `_model`: a connection emits `model` when it has compiled one.
 */
export function watchModels(mongoose: Mongoose): void {
  const watched = mongoose as unknown as WatchedMongoose;
  if (watched[WATCHED] === true) return;
  Object.defineProperty(watched, WATCHED, { value: true });
  const watch = (connection: Connection): void => {
    connection.on('model', refuseUnbound);
  };
  watched.connections.forEach(watch);
  watched.events.on('createConnection', watch);
}
