import type { DatabaseSource } from './running-database';

/** The database that `MONGODB_URI` names; it is left running. */
export const givenDatabase: DatabaseSource = {
  find: () => Promise.resolve(uri() === '' ? undefined : 'the one that MONGODB_URI names'),
  prepare: () => Promise.resolve(),
  start: () => Promise.resolve({ uri: uri(), stop: () => Promise.resolve() }),
};

function uri(): string {
  return process.env['MONGODB_URI'] ?? '';
}
