/** What may stand in the way, by the name or the message of the error of the BSON library. */
const FAULTS: readonly (readonly [pattern: RegExp, fault: string])[] = [
  [/^BSONVersionError:/, 'something in it has a _bsontype of another version'],
  [/^BSONError: Cannot convert circular structure/, 'it contains itself'],
  [/^BSONError: key .*must not contain null bytes$/s, 'a key in it contains a null byte'],
  [
    /^BSONError: (?:value|pattern) .*must not contain null bytes$/s,
    'a regular expression in it contains a null byte',
  ],
  [/^BSONError: Unrecognized or invalid _bsontype/, 'something in it has an unknown _bsontype'],
  [/^RangeError:/, 'it is too large or too deep'],
];

/**
 * Why the BSON library did not serialise a value, as a sentence. Nothing of `error` goes into it: its message may hold what is in the
 * value, its keys above all.
 *
 * Source: bson 7.3.4, src/parser/serializer.ts.
 */
export function serialisationFault(error: unknown): string {
  const { name, message } = Object(error) as { name?: unknown; message?: unknown };
  const isKnown = typeof name === 'string' && typeof message === 'string';
  const text = isKnown ? `${name}: ${message}` : '';
  const known = FAULTS.find(([pattern]) => pattern.test(text));
  const why = known === undefined ? '' : `: ${known[1]}`;
  return `the value cannot be written as BSON${why}.`;
}
