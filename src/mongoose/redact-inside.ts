import type { RedactionScope } from './redact-error';
import { redactMethod } from './redact-methods';

/**
 * A type in a schema, as far as it makes subdocuments or the elements of arrays.
 *
 * Source: Mongoose 9.12, lib/schema/subdocument.js, lib/schema/documentArray.js and lib/schema/array.js.
 */
interface HoldingType {
  readonly schema?: HoldingSchema;
  readonly Constructor?: SubdocumentClass;
  readonly embeddedSchemaType?: HoldingType;
}

interface SubdocumentClass {
  readonly prototype: object;
  readonly schema: HoldingSchema;
  readonly discriminators?: Readonly<Record<string, SubdocumentClass>>;
}

interface HoldingSchema {
  readonly paths: Readonly<Record<string, HoldingType>>;
}

/** The methods of subdocuments that throw, reject with or give back errors of their own. */
const SUBDOCUMENT_METHODS = ['$set', '$validate', 'set', 'validate', 'validateSync'];

/** Marks what is redacted already: models may share the schemas of what stands inside. */
const REDACTED: unique symbol = Symbol('mongoose-fle.redacted');

/** Lets every error of Mongoose that leaves a subdocument or an array, in documents of `schema`, leave without encrypted values. */
export function redactInside(schema: object, scope: RedactionScope): void {
  redactPaths(schema as HoldingSchema, { scope, prefix: '', seen: new Set() });
}

interface Place {
  readonly scope: RedactionScope;
  /** What stands before a path of the schema, so that it is the path in the document. */
  readonly prefix: string;
  readonly seen: Set<object>;
}

function redactPaths(schema: HoldingSchema, place: Place): void {
  if (place.seen.has(schema)) return;
  place.seen.add(schema);
  for (const [path, type] of Object.entries(schema.paths)) {
    redactType(type, { ...place, prefix: `${place.prefix}${path}` });
  }
}

function redactType({ Constructor, embeddedSchemaType }: HoldingType, place: Place): void {
  const { prefix, scope } = place;
  if (Constructor !== undefined) redactClass(Constructor, place);
  if (embeddedSchemaType === undefined) return;
  if (!scope.isClear(prefix) && markedAnew(embeddedSchemaType)) {
    redactMethod(embeddedSchemaType, 'applySetters', { ...scope, isClear: () => false });
  }
  redactType(embeddedSchemaType, place);
}

function redactClass(subdocument: SubdocumentClass, place: Place): void {
  const { scope, prefix } = place;
  const inside = { ...scope, isClear: (path: string) => scope.isClear(`${prefix}.${path}`) };
  if (markedAnew(subdocument.prototype)) {
    for (const name of SUBDOCUMENT_METHODS) redactMethod(subdocument.prototype, name, inside);
  }
  redactPaths(subdocument.schema, { ...place, prefix: `${prefix}.` });
  for (const each of Object.values(subdocument.discriminators ?? {})) redactClass(each, place);
}

/** Marks `holder`; false where it was marked before. */
function markedAnew(holder: object): boolean {
  if (Object.hasOwn(holder, REDACTED)) return false;
  Object.defineProperty(holder, REDACTED, { value: true });
  return true;
}
