import { isDeepStrictEqual as isEqual } from 'node:util';

import { mongo } from 'mongoose';
import { isFleError } from 'mongoose-fle';

import { isCiphertext } from '../ciphertext';
import { fle } from '../fle';
import type { Clinic } from '../open-clinic';
import { PatientModel } from '../patient';
import type { Narrator } from './narrator';
import { ADA, ADDED, CHIARA, SECRETS } from './people';
import { viewRows } from './view-rows';

// Each chapter does what one would do with plain fields, and then checks that it came out right.

export async function insert({ stored }: Clinic, narrator: Narrator): Promise<void> {
  const ada = await PatientModel.create(ADA);
  await PatientModel.create(CHIARA);

  const values = await stored.values(ada._id);
  narrator.table(
    ['Path', 'What the application sees', 'What the database stores'],
    viewRows(ada, values),
  );
  narrator.check('the saved document still holds what was written', ada.ssn === ADA.ssn);
  const ciphertexts = values.filter((value) => 'ciphertext' in value).map(({ path }) => path);
  narrator.check(
    'every encrypted value is ciphertext, every other is clear',
    isEqual(ciphertexts, [
      ...['ssn', 'birthDate', 'allergies.0', 'allergies.1', 'notes.0'],
      ...['address', 'contacts.0.phone'],
    ]),
  );
}

export async function search(_clinic: Clinic, narrator: Narrator): Promise<void> {
  const bySsn = await PatientModel.findOne({ ssn: ADA.ssn });
  narrator.check('one patient is found by a social security number', bySsn?.name === ADA.name);
  const byAllergy = await PatientModel.find({ allergies: 'penicillin' });
  narrator.check('two are found by an allergy, inside an array', byAllergy.length === 2);
  const byPhone = await PatientModel.findOne({ 'contacts.phone': '+33 4 5550 1201' });
  narrator.check('one is found by the phone of a contact', byPhone?.name === ADA.name);
  const nobody = await PatientModel.findOne({ ssn: '000-00-0000' });
  narrator.check('nobody is found by a number that nobody has', nobody === null);

  const duplicate = await errorOf(PatientModel.create({ ...CHIARA, ssn: ADA.ssn }));
  narrator.check(
    'the unique index refuses a second patient with the same number',
    duplicate instanceof mongo.MongoServerError && duplicate.code === 11000,
  );
  const refusal = await errorOf(PatientModel.find({ birthDate: ADA.birthDate }).exec());
  narrator.check(
    'a filter on a Random field is refused, not answered wrongly',
    isFleError(refusal) && refusal.code === 'FLE_UNSUPPORTED_FILTER',
  );
  if (isFleError(refusal)) narrator.text(refusal.message);
}

export async function update({ stored, wire }: Clinic, narrator: Narrator): Promise<void> {
  await PatientModel.updateOne(
    { ssn: ADA.ssn },
    { $addToSet: { allergies: ADDED.allergy }, $push: { notes: ADDED.note } },
  );
  const [sent] = wire.last(1);
  if (sent) narrator.text(sent.text);

  const ada = await PatientModel.findOne({ ssn: ADA.ssn }).orFail();
  narrator.check('an allergy was added', ada.allergies.at(-1) === ADDED.allergy);
  narrator.check('a note was added', ada.notes.at(-1) === ADDED.note);
  const rawAda = await stored.document(ada._id);
  const added = [rawAda.allergies.at(-1), rawAda.notes.at(-1)];
  narrator.check('both are stored as ciphertext', added.every(isCiphertext));

  const chiara = await PatientModel.findOne({ ssn: CHIARA.ssn }).orFail();
  chiara.address = ADDED.address;
  await chiara.save();
  const again = await PatientModel.findById(chiara._id).orFail();
  narrator.check('an address was set', again.address?.city === ADDED.address.city);
  const { address } = await stored.document(chiara._id);
  narrator.check('it is stored as one ciphertext', isCiphertext(address));
}

export async function lean(_clinic: Clinic, narrator: Narrator): Promise<void> {
  const ada = await PatientModel.findOne({ ssn: ADA.ssn }).lean().orFail();
  narrator.check('a date is a date', isEqual(ada.birthDate, ADA.birthDate));
  narrator.check('a subdocument is an object', isEqual(ada.address, ADA.address));
  narrator.check('an array of subdocuments holds objects', isEqual(ada.contacts, ADA.contacts));
}

export async function aggregate(_clinic: Clinic, narrator: Narrator): Promise<void> {
  const groups = await PatientModel.aggregate<{ _id: string; patients: number }>([
    { $unwind: '$allergies' },
    { $group: { _id: '$allergies', patients: { $sum: 1 } } },
    { $sort: { patients: -1 } },
  ]);
  narrator.table(
    ['Allergy', 'Patients'],
    groups.map(({ _id, patients }) => [_id, String(patients)]),
  );
  const counts = new Map(groups.map(({ _id, patients }) => [_id, patients]));
  narrator.check(
    'the database counted what it cannot read',
    counts.size === 3 && counts.get('penicillin') === 2 && counts.get('latex') === 1,
  );
}

export async function look(clinic: Clinic, narrator: Narrator): Promise<void> {
  const { connection, stored, wire } = clinic;
  const ada = await PatientModel.findOne({ ssn: ADA.ssn }).orFail();
  const chiara = await PatientModel.findOne({ ssn: CHIARA.ssn }).orFail();
  const [rawAda, rawChiara] = [await stored.document(ada._id), await stored.document(chiara._id)];
  const [hers, theOther] = [rawAda.allergies[0], rawChiara.allergies[0]];
  narrator.check(
    'that two patients share an allergy, as it is Deterministic',
    isEqual(hers, theOther),
  );

  const documents = mongo.BSON.EJSON.stringify([rawAda, rawChiara]);
  narrator.check('no secret from the documents', !SECRETS.some((text) => documents.includes(text)));
  const commands = wire.last(Infinity).map(({ text }) => text);
  narrator.check(
    `no secret from the ${commands.length} commands that went over the wire`,
    !SECRETS.some((secret) => commands.some((text) => text.includes(secret))),
  );

  const encryption = await fle.clientEncryption(connection);
  const decrypted: unknown = isCiphertext(hers) && (await encryption.decrypt(hers));
  narrator.check(
    'with the key, MongoDB’s own ClientEncryption reads it',
    decrypted === 'penicillin',
  );
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}
