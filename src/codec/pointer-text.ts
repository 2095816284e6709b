import type { PointerType } from '../plan/key-rule';
import { type Binary, bsonTypeOf } from './bson';

const UUID_SUBTYPE = 4;

const TEXTS: Readonly<Record<PointerType, (value: unknown) => string | undefined>> = {
  String: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  ObjectId: (value) =>
    bsonTypeOf(value) === 'ObjectId'
      ? (value as { toHexString: () => string }).toHexString()
      : undefined,
  UUID: (value) => {
    if (bsonTypeOf(value) !== 'Binary') return undefined;
    const { sub_type: subtype } = value as Binary;
    const hex = Buffer.from((value as Binary).value()).toString('hex');
    return subtype === UUID_SUBTYPE && hex.length === 32
      ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
      : undefined;
  },
  Number: textOfInteger,
  Int32: textOfInteger,
  BigInt: textOfInteger,
};

/**
 * The text of a value that names a key, undefined where it is not of the pointer's type: `null`, an object or an array never is.
 * Different values have different texts; values that MongoDB takes for equal have the same.
 */
export function pointerText(value: unknown, type: PointerType | undefined): string | undefined {
  return type === undefined ? undefined : TEXTS[type](value);
}

function textOfInteger(value: unknown): string | undefined {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined; // -0 is '0'
  const type = bsonTypeOf(value);
  if (type === 'Long') return String(value);
  const isWrapped = type === 'Int32' || type === 'Double';
  return isWrapped ? textOfInteger((value as { readonly value: number }).value) : undefined;
}
