/** A document of the benchmarks: a plain name, and as many encrypted texts as asked for. */
export type Person = Record<string, string>;

const FIRST_FIELDS = ['ssn', 'phone', 'email', 'street', 'notes'];

/** The names of the encrypted fields; the first two are Deterministic. */
export function fieldsOf(count: number): string[] {
  const more = Array.from({ length: Math.max(0, count - 5) }, (_, index) => `text${index + 6}`);
  return [...FIRST_FIELDS.slice(0, count), ...more];
}

export function algorithmOf(field: string): 'Deterministic' | 'Random' {
  return field === 'ssn' || field === 'phone' ? 'Deterministic' : 'Random';
}

/** A person of `fieldCount` encrypted fields: the same for the same index. */
export function person(index: number, fieldCount: number): Person {
  const texts: Person = {
    ssn: `${String(index).padStart(6, '0')}-6789`,
    phone: `+41 44 000 ${index}`,
    email: `person.${index}@example.org`,
    street: `Langstrasse ${index}`,
    notes: 'Allergic to penicillin; asks to be called in the evening.',
  };
  const fields = fieldsOf(fieldCount);
  return Object.fromEntries([
    ['name', `Person ${index}`],
    ...fields.map((field) => [field, texts[field] ?? `${field} of ${index}`]),
  ]) as Person;
}

export function people(count: number, fieldCount: number): Person[] {
  return Array.from({ length: count }, (_, index) => person(index, fieldCount));
}

/**
 * How many documents are saved or searched one by one in a round. Garbage is collected before each round, and V8 gives up what it has
 * optimised of code that lay idle: fewer would measure for the most part how fast that is run which has just been read.
 */
export const ONE_BY_ONE = 500;
