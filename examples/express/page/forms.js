/* global FormData */

/** The body of a request for a new patient, from the fields of the form. */
export function newPatient(form) {
  const fields = fieldsOf(form);
  return withoutAbsent({
    name: fields.name,
    ssn: fields.ssn,
    birthDate: fields.birthDate,
    allergies: fields.allergies.split(',').map(trim).filter(Boolean),
    notes: [fields.note].filter(Boolean),
    address: addressOf(fields),
    contacts: [contactOf(fields)].filter(Boolean),
  });
}

/** The body of a request for a change: only what differs from `patient`. */
export function patientChange(form, patient) {
  const fields = fieldsOf(form);
  const address = addressOf(fields);
  const notes = fields.notes.split('\n').map(trim).filter(Boolean);
  return withoutAbsent({
    name: fields.name === patient.name ? undefined : fields.name,
    address: isSame(address, patient.address) ? undefined : address,
    notes: isSame(notes, patient.notes) ? undefined : notes,
    addAllergy: fields.allergy || undefined,
    addContact: contactOf(fields),
  });
}

/** Shows in the form what the patient has now. */
export function fillChange(form, { name, address = {}, notes }) {
  form.reset();
  Object.entries({ name, ...address }).forEach(
    ([key, value]) => (form.elements[key].value = value),
  );
  form.elements.notes.value = notes.join('\n');
}

const trim = (text) => text.trim();

function fieldsOf(form) {
  return Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, value.trim()]));
}

function addressOf({ street, postcode, city }) {
  return street || postcode || city ? { street, postcode, city } : undefined;
}

function contactOf({ contactName: name, relation, phone }) {
  return name || relation || phone ? { name, relation, phone } : undefined;
}

function isSame(value, other) {
  return JSON.stringify(value) === JSON.stringify(other);
}

function withoutAbsent(body) {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
