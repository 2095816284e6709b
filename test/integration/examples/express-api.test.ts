import { mongo } from 'mongoose';

import { type RunningClinic, startClinic } from './start-clinic';

jest.setTimeout(60_000);

const GRETE = {
  name: 'Grete Amsel',
  ssn: '987-65-4327',
  birthDate: '1990-02-14',
  allergies: ['pollen', 'wasp venom'],
  notes: ['Migraine since spring.'],
  address: { street: 'Finkenweg 9', postcode: '80331', city: 'Munich' },
  contacts: [{ name: 'Otto Amsel', relation: 'brother', phone: '+49 89 5550 177' }],
};

const ENCRYPTED_PATHS = [
  ...['ssn', 'birthDate', 'allergies.0', 'allergies.1', 'notes.0', 'address', 'contacts.0.phone'],
];

const UNKNOWN_ID = '5f0000000000000000000000';

interface StoredPatient extends Record<string, unknown> {
  readonly _id: string;
  readonly name: string;
}

interface Answer<Body> {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  readonly body: Body;
}

let clinic: RunningClinic;

beforeAll(async () => {
  clinic = await startClinic();
});

afterAll(async () => {
  expect(await clinic.stop()).toBe(0);
});

describe('creating and reading', () => {
  it('creates a patient, answers where it is, and reads it back as it was given', async () => {
    const created = await send<StoredPatient>('POST', '', GRETE);
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`/api/patients/${created.body._id}`);

    const read = await send<StoredPatient>('GET', `/${created.body._id}`);
    expect(read.status).toBe(200);
    expect(read.body).toMatchObject({ ...GRETE, birthDate: '1990-02-14T00:00:00.000Z' });
  });

  it('stores ciphertext at every encrypted path, and the rest in the clear', async () => {
    const stored = await storedDocument({ name: GRETE.name });
    expect(ENCRYPTED_PATHS.map((path) => [path, subtypeAt(stored, path)])).toEqual(
      ENCRYPTED_PATHS.map((path) => [path, 6]),
    );
    expect(stored).toMatchObject({ contacts: [{ name: 'Otto Amsel', relation: 'brother' }] });
  });

  it('lists a page of patients, newest first', async () => {
    const { status, body } = await send<{ items: StoredPatient[]; total: number }>(
      'GET',
      '?page=2&size=2',
    );
    expect(status).toBe(200);
    expect(body.total).toBe(6);
    expect(body.items.map(({ name }) => name)).toEqual(['Daniel Okafor', 'Chiara Fontana']);
    expect(body.items[1]).toMatchObject({ ssn: '987-65-4322', allergies: ['penicillin'] });
  });
});

describe('searching', () => {
  it.each([
    ['ssn', '987-65-4320', ['Ada Moreau']],
    ['allergies', 'penicillin', ['Chiara Fontana', 'Ada Moreau']],
    ['contacts.phone', '+46 8 555 01 45', ['Björn Lindqvist']],
    ['ssn', '000-00-0000', []],
  ])('finds by %s %s: %j', async (field, value, names) => {
    const { status, body } = await search(field, value);
    expect(status).toBe(200);
    expect(body.items.map(({ name }) => name)).toEqual(names);
  });

  it('refuses a filter on a Random field with 400, and repeats no value', async () => {
    const { status, text, body } = await search('birthDate', '1984-03-09');
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: 'FLE_UNSUPPORTED_FILTER' } });
    expect(text).not.toContain('1984');
  });
});

describe('changing and deleting', () => {
  it('changes what is given, adds an allergy and a contact, and leaves the rest', async () => {
    const id = await idOf('Chiara Fontana');
    const change = {
      address: { street: 'Via Prè 1', postcode: '16126', city: 'Genova' },
      notes: ['Vaccinated in May.'],
      addAllergy: 'ibuprofen',
      addContact: { name: 'Luca Fontana', relation: 'son', phone: '+39 010 555 0123' },
    };
    const { status, body } = await send<StoredPatient>('PATCH', `/${id}`, change);

    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'Chiara Fontana',
      ssn: '987-65-4322',
      allergies: ['penicillin', 'ibuprofen'],
      contacts: [change.addContact],
      address: change.address,
      notes: change.notes,
    });
    const stored = await storedDocument({ name: 'Chiara Fontana' });
    for (const path of ['address', 'notes.0', 'allergies.1', 'contacts.0.phone']) {
      expect([path, subtypeAt(stored, path)]).toEqual([path, 6]);
    }
  });

  it('adds an allergy that is there already no second time', async () => {
    const id = await idOf('Ada Moreau');
    const { body } = await send<StoredPatient>('PATCH', `/${id}`, { addAllergy: 'latex' });
    expect(body['allergies']).toEqual(['penicillin', 'latex']);
  });

  it('answers a change of nothing with the patient', async () => {
    const { status, body } = await send('PATCH', `/${await idOf('Ada Moreau')}`, {});
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'Ada Moreau', ssn: '987-65-4320' });
  });

  it('deletes a patient', async () => {
    const id = await idOf('Daniel Okafor');
    expect((await send('DELETE', `/${id}`)).status).toBe(204);
    expect((await send('GET', `/${id}`)).status).toBe(404);
  });
});

describe('refusing', () => {
  it('answers 422 with the names of the fields that are missing or wrong', async () => {
    const { status, body } = await send('POST', '', { name: 'Nobody', allergies: 'sentinel' });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      error: { code: 'INVALID', fields: ['ssn', 'birthDate', 'allergies'] },
    });
  });

  it('answers 422 where the schema finds a value wrong, and does not repeat it', async () => {
    const { status, text, body } = await send('POST', '', { ...GRETE, ssn: 'sentinel-1' });
    expect(status).toBe(422);
    expect(body).toMatchObject({ error: { code: 'INVALID', fields: ['ssn'] } });
    expect(text).not.toContain('sentinel');
  });

  it('answers 400 to a body that is not JSON, and does not repeat it', async () => {
    const { status, text } = await send('POST', '', '{"ssn": sentinel-2');
    expect(status).toBe(400);
    expect(text).not.toContain('sentinel');
  });

  it('answers 409 to a number another patient has, and does not repeat it', async () => {
    const { status, text, body } = await send('POST', '', { ...GRETE, ssn: '987-65-4321' });
    expect(status).toBe(409);
    expect(body).toMatchObject({ error: { code: 'DUPLICATE' } });
    expect(text).not.toContain('987-65');
  });

  it('answers 400 to an id that is none, and 404 to one that nobody has', async () => {
    expect((await send('GET', '/not-an-id')).status).toBe(400);
    for (const method of ['GET', 'DELETE']) {
      expect((await send(method, `/${UNKNOWN_ID}`)).status).toBe(404);
    }
    expect((await send('PATCH', `/${UNKNOWN_ID}`, { name: 'Nobody' })).status).toBe(404);
  });

  it('answers 500 without details where a ciphertext was tampered with', async () => {
    const created = await send<StoredPatient>('POST', '', { ...GRETE, ssn: '987-65-4328' });
    const _id = new mongo.ObjectId(created.body._id);
    const stored = await storedDocument({ _id });
    const ssn = at(stored, 'ssn') as mongo.Binary;
    ssn.buffer[40] = (ssn.buffer[40] ?? 0) ^ 0xff;
    await clinic.database.collection('patients').updateOne({ _id }, { $set: { ssn } });

    const { status, body } = await send('GET', `/${created.body._id}`);
    expect(status).toBe(500);
    expect(body).toEqual({
      error: { code: 'FLE_DECRYPTION_FAILED', message: 'Something went wrong.' },
    });
    await clinic.database.collection('patients').deleteOne({ _id });
  });
});

async function send<Body = unknown>(
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer<Body>> {
  const response = await fetch(`${clinic.url}api/patients${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const { status, headers } = response;
  const text = await response.text();
  return { status, headers, text, body: (text === '' ? undefined : JSON.parse(text)) as Body };
}

function search(field: string, value: string): Promise<Answer<{ items: StoredPatient[] }>> {
  return send('POST', '/search', { field, value });
}

async function idOf(name: string): Promise<string> {
  return String((await storedDocument({ name }))._id);
}

async function storedDocument(
  filter: mongo.Filter<mongo.Document>,
): Promise<mongo.WithId<mongo.Document>> {
  const document = await clinic.database.collection('patients').findOne(filter);
  if (document === null) throw new Error('There is no such document.');
  return document;
}

function at(document: mongo.Document, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], document);
}

function subtypeAt(document: mongo.Document, path: string): number | undefined {
  const value = at(document, path);
  return value instanceof mongo.Binary ? value.sub_type : undefined;
}
