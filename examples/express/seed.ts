import { PatientModel } from './patient';

/** Invented people, with numbers that are never issued. */
const PATIENTS = [
  {
    name: 'Ada Moreau',
    ssn: '987-65-4320',
    birthDate: new Date('1984-03-09'),
    allergies: ['penicillin', 'latex'],
    notes: ['Prefers appointments in the morning.'],
    address: { street: '12 Rue des Lilas', postcode: '69003', city: 'Lyon' },
    contacts: [{ name: 'Hugo Moreau', relation: 'husband', phone: '+33 4 5550 1201' }],
  },
  {
    name: 'Björn Lindqvist',
    ssn: '987-65-4321',
    birthDate: new Date('1971-11-23'),
    allergies: ['peanuts'],
    notes: ['Blood pressure 128/82.', 'Control in six months.'],
    address: { street: 'Storgatan 4', postcode: '211 41', city: 'Malmö' },
    contacts: [
      { name: 'Maja Lindqvist', relation: 'daughter', phone: '+46 8 555 01 44' },
      { name: 'Nils Ek', relation: 'neighbour', phone: '+46 8 555 01 45' },
    ],
  },
  {
    name: 'Chiara Fontana',
    ssn: '987-65-4322',
    birthDate: new Date('1993-06-30'),
    allergies: ['penicillin'],
    notes: [],
    address: { street: 'Via Garibaldi 8', postcode: '16124', city: 'Genova' },
    contacts: [],
  },
  {
    name: 'Daniel Okafor',
    ssn: '987-65-4323',
    birthDate: new Date('1958-01-17'),
    allergies: [],
    notes: ['Type 2 diabetes, metformin 500 mg.'],
    address: { street: '3 Harbour Lane', postcode: 'BS1 4RW', city: 'Bristol' },
    contacts: [{ name: 'Ruth Okafor', relation: 'wife', phone: '+44 117 496 0188' }],
  },
  {
    name: 'Eun-ji Park',
    ssn: '987-65-4324',
    birthDate: new Date('2001-09-05'),
    allergies: ['latex', 'pollen'],
    notes: ['Asthma, salbutamol when needed.'],
    address: { street: '27 Garden Terrace', postcode: 'D02 XY45', city: 'Dublin' },
    contacts: [{ name: 'Min-jun Park', relation: 'father', phone: '+353 20 915 0133' }],
  },
];

/** Fills an empty clinic; leaves one with patients alone. */
export async function seed(): Promise<void> {
  if ((await PatientModel.estimatedDocumentCount()) === 0) await PatientModel.create(PATIENTS);
}
