import mongoose, { type mongo } from 'mongoose';
import { Undecryptable } from 'mongoose-fle';

import { Narrator } from '../express/story/narrator';
import { Notes } from './note';

/** Asks the service at `url` for everything that it is for, and looks at what is stored. Returns whether every check held. */
export async function tellStory(url: string): Promise<boolean> {
  const narrator = new Narrator();
  const ask = askAt(url);
  await writeNotes(narrator, ask);
  await lookAtKeys(narrator);
  await askAsOthers(narrator, ask);
  await eraseOne(narrator, ask);
  return narrator.conclude();
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Ask = (tenant: string, method: string, path: string, body?: object) => Promise<Answer>;

function askAt(url: string): Ask {
  return async (tenant, method, path, body) => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { 'x-tenant': tenant, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
}

async function writeNotes(narrator: Narrator, ask: Ask): Promise<void> {
  narrator.title('Two tenants write about the same person');
  for (const tenant of ['acme', 'globex']) {
    const { status } = await ask(tenant, 'POST', '/notes', {
      about: 'Ada',
      text: `${tenant} knows`,
    });
    narrator.check(`${tenant} writes a note`, status === 201);
  }
  const again = await ask('acme', 'POST', '/notes', { about: 'Ada', text: 'twice' });
  narrator.check('the unique index holds within a tenant', again.status === 500);
}

async function lookAtKeys(narrator: Narrator): Promise<void> {
  narrator.title('What the database holds');
  const stored = await mongoose.connection
    .collection('notes')
    .find()
    .sort({ tenantId: 1 })
    .toArray();
  const names = await keyNames();
  const rows = stored.map((note) => [
    String(note['tenantId']),
    names.get(keyIdOf(note['about'] as mongo.Binary)) ?? 'unknown',
    names.get(keyIdOf(note['text'] as mongo.Binary)) ?? 'unknown',
  ]);
  narrator.table(['tenantId', 'key of about', 'key of text'], rows);
  const isOwn = rows.every(([tenant, ...keys]) =>
    keys.every((key) => key === `tenant:${tenant ?? ''}`),
  );
  narrator.check("every note is under its own tenant's key", isOwn && rows.length === 2);
  const [one, other] = stored.map((note) => (note['about'] as mongo.Binary).toString('hex'));
  narrator.check('equal values of two tenants do not look equal', one !== other);
}

async function askAsOthers(narrator: Narrator, ask: Ask): Promise<void> {
  narrator.title('Each finds its own');
  const own = await ask('acme', 'GET', '/notes?about=Ada');
  narrator.check('acme finds its note', JSON.stringify(own.body) === '["acme knows"]');
  const stranger = await ask('stranger', 'GET', '/notes?about=Ada');
  narrator.check('a stranger finds nothing', JSON.stringify(stranger.body) === '[]');
  narrator.check(
    'and gets no key by asking',
    ![...(await keyNames()).values()].includes('tenant:stranger'),
  );
  const nobody = await ask('', 'GET', '/notes?about=Ada');
  narrator.check(
    'nobody is refused',
    JSON.stringify(nobody.body) === '{"error":"FLE_KEY_UNRESOLVED"}',
  );
}

async function eraseOne(narrator: Narrator, ask: Ask): Promise<void> {
  narrator.title('acme leaves');
  const { body } = await ask('acme', 'DELETE', '/tenant');
  narrator.check('its data key is deleted', JSON.stringify(body) === '{"erased":true}');
  const notes = await Notes.find().sort({ tenantId: 1 }).lean();
  const [erased, kept] = notes.map(({ text }) => text as unknown);
  narrator.check('its note cannot be read any more', erased instanceof Undecryptable);
  narrator.check('the other tenant reads on', kept === 'globex knows');
}

/** The names of the data keys, by their identifiers. */
async function keyNames(): Promise<Map<string, string>> {
  const keys = await mongoose.connection.collection('__keyVault').find().toArray();
  return new Map(
    keys.map(({ _id: id, keyAltNames: [name] }) => [
      (id as unknown as mongo.Binary).toString('hex'),
      String(name),
    ]),
  );
}

/** Every ciphertext says which key it is under. */
function keyIdOf(ciphertext: mongo.Binary): string {
  return Buffer.from(ciphertext.value().subarray(1, 17)).toString('hex');
}
