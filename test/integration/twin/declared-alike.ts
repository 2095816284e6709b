import type { Field, Fields } from './blueprint';
import { isClear, type Place } from './places';

/** Whether the encrypted values of two places mean the same, so that one may stand where the other does. */
export function areDeclaredAlike(one: Place, other: Place): boolean {
  if (one.standing === 'inside' || other.standing === 'inside') return false;
  if (isClear(one) || isClear(other)) return isClear(one) && isClear(other);
  return outlineOf(one.field) === outlineOf(other.field);
}

/** A text that is the same for all fields that are declared alike; empty where nothing is encrypted. */
function outlineOf({ shape, seal }: Field): string {
  if (seal !== undefined) {
    const { algorithm, keyAltName } = seal;
    const type = 'type' in shape ? shape.type : shape.kind;
    const isEach = seal.whole !== true && (shape.kind === 'list' || shape.kind === 'map');
    return isEach || shape.kind === 'scalar'
      ? `${shape.kind} of ${type} ${algorithm} ${keyAltName}`
      : `${KINDS_OF_WHOLE[shape.kind]} as one, ${keyAltName}`;
  }
  if (!('fields' in shape)) return '';
  const inner = outlineOfFields(shape.fields);
  const kind = shape.kind === 'nested' ? 'single' : shape.kind;
  return inner === '' ? '' : `${kind} {${inner}}`;
}

/** What is encrypted as one value has its type from what holds it. */
const KINDS_OF_WHOLE = {
  mixed: 'Mixed',
  list: 'Array',
  documents: 'Array',
  map: 'Map',
  documentMap: 'Map',
  nested: 'Object',
  single: 'Object',
} as const;

const outlineOfFields = (fields: Fields): string =>
  Object.entries(fields)
    .map(([name, field]) => [name, outlineOf(field)] as const)
    .filter(([, outline]) => outline !== '')
    .map(([name, outline]) => `${name}: ${outline}`)
    .sort()
    .join(', ');
