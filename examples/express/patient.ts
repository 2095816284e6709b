import { model, Schema } from 'mongoose';
import { Encrypted } from 'mongoose-fle';

import { fle } from './fle';

export interface Address {
  street: string;
  postcode: string;
  city: string;
}

export class Contact {
  name!: string;
  relation!: string;
  @Encrypted('Deterministic', 'patients') phone!: string;
}

/**
 * Deterministic fields can be searched: equal values have equal ciphertexts. Random ones cannot, and reveal nothing.
 * Who they are is encrypted under the data key `patients`, how they are under `medical`.
 */
export class Patient {
  name!: string;
  @Encrypted('Deterministic', 'patients') ssn!: string;
  @Encrypted('Random', 'patients') birthDate!: Date;
  @Encrypted('Deterministic', 'medical') allergies!: string[];
  @Encrypted('Random', 'medical') notes!: string[];
  @Encrypted({ algorithm: 'Random', keyAltName: 'patients', whole: true }) address?: Address;
  contacts!: Contact[];
}

const addressSchema = new Schema<Address>(
  { street: { type: String, required: true }, postcode: String, city: String },
  { _id: false },
);

const contactSchema = new Schema<Contact>(
  { name: { type: String, required: true }, relation: String, phone: String },
  { _id: false },
);
contactSchema.plugin(fle, { class: Contact });

const patientSchema = new Schema<Patient>({
  name: { type: String, required: true, trim: true },
  ssn: { type: String, required: true, match: /^\d{3}-\d{2}-\d{4}$/, unique: true },
  birthDate: { type: Date, required: true, validate: isPast },
  allergies: [String],
  notes: [String],
  address: addressSchema,
  contacts: [contactSchema],
});
patientSchema.plugin(fle, { class: Patient });

export const PatientModel = model<Patient>('Patient', patientSchema);

function isPast(date: Date): boolean {
  return date < new Date();
}
