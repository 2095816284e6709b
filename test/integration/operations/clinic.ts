import { type Connection, type Model, type mongo, Schema, type Types } from 'mongoose';
import { type Patient, patientSchema } from '../../support/patient-model';
import type { Rig } from '../../support/rig';
import { secret, type Twins } from '../mongoose/compare-twins';
import { ada, idOf, others } from '../mongoose/seed-patients';
import { accountsOn, furnishAccounts } from './accounts';

/** A patient, with some more: a pair of Random fields that are declared alike, and numbers and dates under both algorithms. */
export interface ClinicPatient extends Patient {
  nickname?: string;
  weight?: number;
  admitted?: Date;
  place?: { type: 'Point'; coordinates: number[] };
  parent?: Types.ObjectId;
}

export type ClinicModel = Model<ClinicPatient>;

/**
 * Models of a clinic, as twins: `patients`; `archives`, which are declared alike; `visits`, whose `patient` is declared as `ssn` is;
 * `wards`, without encrypted fields; and those of accounts.ts.
 */
export function clinicTwins(rig: Rig): Twins<ClinicPatient> {
  return {
    encrypted: clinicOn(rig.connection, rig.fle),
    plain: clinicOn(rig.twinConnection, undefined),
  };
}

/** Puts the same documents and indexes into both twins; gives what puts them back as they were. */
export async function furnishClinic(
  { encrypted, plain }: Twins<ClinicPatient>,
  bare: mongo.MongoClient,
): Promise<() => Promise<void>> {
  const restorings: (() => Promise<void>)[] = [];
  for (const patients of [encrypted, plain]) {
    await (patients as Model<unknown>).insertMany([
      { ...ada(), ...more() },
      ...others().map((each) => ({ ...each, parent: idOf(1) })),
    ]);
    await patients.db.model('Visit').insertMany([
      { _id: idOf(60), patient: secret('ssn'), ward: 'A' },
      { _id: idOf(61), patient: secret('bea'), ward: 'B' },
      { _id: idOf(62), patient: secret('ssn'), ward: 'B' },
    ]);
    await patients.collection.createIndex({ name: 'text' }, {}, {});
    await patients.collection.createIndex({ place: '2dsphere' }, {}, {});
    await patients.collection.createIndex({ ssn: 1 }, {}, {});
    await furnishAccounts(patients.db);
    restorings.push(await restoringOf(bare.db(patients.db.name)));
  }
  return async () => {
    for (const restore of restorings) await restore();
  };
}

/** Keeps what is stored in a database, to put it back. */
async function restoringOf(database: mongo.Db): Promise<() => Promise<void>> {
  const kept = await Promise.all(
    ['patients', 'accounts'].map(async (name) => {
      const collection = database.collection(name);
      return { collection, stored: await collection.find().toArray() };
    }),
  );
  return async () => {
    for (const name of ['archives', 'ledgers']) await database.collection(name).deleteMany({});
    for (const { collection, stored } of kept) {
      await collection.deleteMany({});
      await collection.insertMany(stored);
    }
  };
}

const more = (): object => ({
  nickname: secret('nick'),
  weight: 61,
  admitted: new Date('2020-05-06'),
  place: { type: 'Point', coordinates: [8, 47] },
});

function clinicOn(connection: Connection, fle: Rig['fle'] | undefined): ClinicModel {
  const declared = (algorithm: string): object =>
    fle === undefined ? {} : { encrypted: { algorithm, keyAltName: 'patients' } };
  const patients = (): Schema =>
    (patientSchema(fle) as unknown as Schema).add({
      nickname: { type: String, ...declared('Random') },
      weight: { type: Number, ...declared('Random') },
      admitted: { type: Date, ...declared('Deterministic') },
      place: Schema.Types.Mixed,
      parent: Schema.Types.ObjectId,
    });
  const plugged = (schema: Schema): Schema =>
    fle === undefined ? schema : schema.plugin(fle as (schema: Schema) => void);
  accountsOn(connection, fle);
  connection.model('Archive', patients());
  connection.model('Ward', plugged(new Schema({ name: String })));
  connection.model(
    'Visit',
    plugged(new Schema({ patient: { type: String, ...declared('Deterministic') }, ward: String })),
  );
  return connection.model('Patient', patients()) as unknown as ClinicModel;
}
