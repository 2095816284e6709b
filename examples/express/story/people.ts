/** The people of the story. They are invented, and their numbers are never issued. */
export const ADA = {
  name: 'Ada Moreau',
  ssn: '987-65-4320',
  birthDate: new Date('1984-03-09'),
  allergies: ['penicillin', 'latex'],
  notes: ['Prefers appointments in the morning.'],
  address: { street: '12 Rue des Lilas', postcode: '69003', city: 'Lyon' },
  contacts: [{ name: 'Hugo Moreau', relation: 'husband', phone: '+33 4 5550 1201' }],
};

export const CHIARA = {
  name: 'Chiara Fontana',
  ssn: '987-65-4322',
  birthDate: new Date('1993-06-30'),
  allergies: ['penicillin'],
  notes: [],
  contacts: [],
};

/** What is added to Ada, and where Chiara moves. */
export const ADDED = {
  allergy: 'pollen',
  note: 'Blood pressure 128/82.',
  address: { street: 'Via Garibaldi 8', postcode: '16124', city: 'Genova' },
};

/** Everything above that is encrypted. The database may see none of it. */
export const SECRETS: readonly string[] = [
  ...[ADA.ssn, '1984-03-09', ...ADA.allergies, ...ADA.notes, ...Object.values(ADA.address)],
  ...ADA.contacts.map(({ phone }) => phone),
  ...[CHIARA.ssn, '1993-06-30', ...CHIARA.allergies],
  ...[ADDED.allergy, ADDED.note, ...Object.values(ADDED.address)],
];
