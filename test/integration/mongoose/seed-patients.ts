import { type Model, Types } from 'mongoose';
import { type Patient, patientModels } from '../../support/patient-model';
import type { Rig } from '../../support/rig';
import { secret, type Twins } from './compare-twins';

/** The n-th identifier of the tests. */
export const idOf = (n: number): Types.ObjectId =>
  new Types.ObjectId(n.toString(16).padStart(24, '0'));

/** Models of patients, as twins. */
export function patientTwins(rig: Rig): Twins<Patient> {
  const { Patients, Twins } = patientModels(rig);
  return { encrypted: Patients, plain: Twins };
}

/** A patient with a value of every shape. */
export const ada = (): Record<string, unknown> => ({
  _id: idOf(1),
  name: 'Ada',
  ssn: secret('ssn'),
  visits: 3,
  birthDate: new Date('1990-01-02'),
  allergies: [secret('nuts'), secret('dust')],
  notes: [secret('first'), secret('second')],
  address: { street: secret('street'), city: secret('city') },
  details: { deep: [secret('deep'), 1, null] },
  contacts: [
    { _id: idOf(101), name: 'Bob', phone: secret('bob'), remark: secret('kind') },
    { _id: idOf(102), name: 'Cid', phone: secret('cid') },
  ],
  doctor: { _id: idOf(103), name: 'Eve', phone: secret('eve') },
  insurance: { company: 'ACME', number: secret('number') },
  labels: { ward: secret('ward'), bed: secret('bed') },
});

/** One that has little, and one that has nulls and empties. */
export const others = (): Record<string, unknown>[] => [
  { _id: idOf(2), name: 'Bea', ssn: secret('bea'), visits: 0, allergies: [secret('dust')] },
  {
    _id: idOf(3),
    name: 'Cas',
    ssn: null,
    visits: 3,
    allergies: [],
    notes: [],
    contacts: [{ _id: idOf(104), name: 'Dan', phone: null }],
  },
];

/** Empties both collections, and stores the patients in both. */
export async function seed({ encrypted, plain }: Twins<Patient>): Promise<void> {
  for (const model of [encrypted, plain]) {
    await model.deleteMany({});
    await (model as Model<unknown>).insertMany([ada(), ...others()]);
  }
}
