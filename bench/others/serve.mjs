import { createRequire } from 'node:module';
import { join } from 'node:path';

// The process of a contender that has, or may have, a Mongoose of its own: `serve.mjs FOLDER URI DATABASE FIELD…`, where FOLDER is one of those
// beside this file. It does what it is sent, `{ id, work, people }`, and answers `{ id, elapsed, result }` or `{ id, error }`; garbage
// is collected before the clock starts.

const [folder, uri, dbName, ...fields] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const mongoose = require('mongoose');

mongoose.set('strictQuery', true);
mongoose.set('autoIndex', false);
await mongoose.connect(uri, { dbName });
const { buildSchema } = await import(join(folder, 'schema.mjs'));
const schema = buildSchema(require, mongoose, fields);
const People = mongoose.model('Person', schema, 'people');

const stored = mongoose.connection.getClient().db(dbName).collection('people');

const works = {
  clear: async () => {
    await People.deleteMany({});
  },
  insertMany: async (people) => {
    await People.insertMany(people);
  },
  saveEach: async (people) => {
    for (const each of people) await new People(each).save();
  },
  findHydrated: async () => visible(await People.find({}).sort({ _id: 1 })),
  findLean: async () => visible(await People.find({}).sort({ _id: 1 }).lean()),
  /** What stands in the database. */
  stored: async () => visible(await stored.find({}).sort({ _id: 1 }).toArray()),
};

function visible(documents) {
  return documents.map((document) =>
    Object.fromEntries(['name', ...fields].map((name) => [name, document[name]])),
  );
}

process.on('message', ({ id, work, people, wanted }) => {
  globalThis.gc?.();
  const started = performance.now();
  works[work](people).then(
    (result) => {
      const elapsed = performance.now() - started;
      process.send({ id, elapsed, ...(wanted ? { result } : {}) });
    },
    (error) => process.send({ id, error: String(error?.message ?? error) }),
  );
});
process.on('disconnect', () => process.exit());
process.send({ id: 0 });
