import { z } from 'zod';

const text = z.string().trim().min(1).max(500);

const address = z.strictObject({ street: text, postcode: text, city: text });

const contact = z.strictObject({ name: text, relation: text, phone: text });

export const newPatient = z.strictObject({
  name: text,
  ssn: text,
  birthDate: z.iso.date(),
  allergies: z.array(text).default([]),
  notes: z.array(text).default([]),
  address: address.exactOptional(),
  contacts: z.array(contact).default([]),
});

export const patientChange = z
  .strictObject({
    name: text,
    address,
    notes: z.array(text),
    addAllergy: text,
    addContact: contact,
  })
  .partial();

export const page = z.object({
  page: z.coerce.number().int().min(1).default(1),
  size: z.coerce.number().int().min(1).max(100).default(10),
});

/** `birthDate` is among them although it is Random: the plugin refuses the filter, and says why. */
export const search = z.strictObject({
  field: z.enum(['ssn', 'allergies', 'contacts.phone', 'birthDate']),
  value: text,
});
