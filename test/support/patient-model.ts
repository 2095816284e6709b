import { type Model, Schema, type Types } from 'mongoose';
import { Encrypted } from '../../src/index';
import type { Rig } from './rig';

/** A phone number to call, inside a patient. */
export class Contact {
  name?: string;

  @Encrypted('Deterministic', 'patients')
  phone?: string;

  @Encrypted('Random', 'patients')
  remark?: string;
}

/** A document with a field of every shape that can be encrypted. */
export class Patient {
  _id!: Types.ObjectId;
  __v!: number;
  name?: string;

  @Encrypted('Deterministic', 'patients')
  ssn?: string | null;

  @Encrypted('Deterministic', 'patients')
  visits?: number;

  @Encrypted('Random', 'patients')
  birthDate?: Date;

  @Encrypted('Deterministic', 'patients')
  allergies?: string[];

  @Encrypted('Random', 'notes')
  notes?: string[];

  @Encrypted({ algorithm: 'Random', keyAltName: 'patients', whole: true })
  address?: { street?: string; city?: string };

  @Encrypted({ algorithm: 'Random', keyAltName: 'patients', whole: true })
  details?: unknown;

  contacts?: Contact[];
  doctor?: Contact;
  insurance?: { company?: string; number?: string };
  labels?: Map<string, string>;
}

/** Two schemas, new on each call: the contact's and the patient's, with the plugin of `fle` on both. */
export function patientSchema(fle: Rig['fle'] | undefined): Schema<Patient> {
  const contact = new Schema<Contact>({ name: String, phone: String, remark: String });
  const address = new Schema({ street: String, city: String }, { _id: false });
  const encrypted = (algorithm: 'Deterministic' | 'Random'): object =>
    fle === undefined ? {} : { encrypted: { algorithm, keyAltName: 'patients' } };
  const schema = new Schema<Patient>({
    name: String,
    ssn: String,
    visits: Number,
    birthDate: Date,
    allergies: [String],
    notes: [String],
    address,
    details: Schema.Types.Mixed,
    contacts: [contact],
    doctor: contact,
    insurance: { company: String, number: { type: String, ...encrypted('Deterministic') } },
    labels: { type: Map, of: { type: String, ...encrypted('Deterministic') } },
  });
  if (fle !== undefined) {
    contact.plugin(fle, { class: Contact });
    schema.plugin(fle, { class: Patient });
  }
  return schema;
}

/** The model with encrypted fields, and its twin without, each in a database of its own. */
export function patientModels(rig: Rig): { Patients: Model<Patient>; Twins: Model<Patient> } {
  return {
    Patients: rig.connection.model('Patient', patientSchema(rig.fle)) as Model<Patient>,
    Twins: rig.twinConnection.model('Patient', patientSchema(undefined)) as Model<Patient>,
  };
}
