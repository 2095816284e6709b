import { declaredTwice, sameDeclaration, type Declaration } from './declaration';
import { METADATA } from './decorator-metadata';

/** A class, as the plugin's option `class` takes it. */
export type ClassReference = abstract new (...args: never[]) => object;

/** A field that a class, or a class it extends, declares encrypted. */
export interface ClassField {
  readonly name: string;
  readonly declaration: Declaration;
  /** Whether only a superclass declares it. */
  readonly inherited: boolean;
  /** The constructor `emitDecoratorMetadata` recorded as the field's type, where reflect-metadata is loaded. */
  readonly designType: unknown;
}

/** Shared between copies of this package, so that a class decorated by one is read by the other. */
const FIELDS = Symbol.for('mongoose-fle.fields');

type RecordedField = Pick<ClassField, 'name' | 'declaration'>;

/**
 * Records a decorated field on `owner`: a class under legacy decorators, the metadata object of a class under TC39's.
 */
export function recordField(owner: object, name: string, declaration: Declaration): void {
  const recorded = recordedBy(owner);
  Object.defineProperty(owner, FIELDS, {
    value: [...recorded, { name, declaration }],
    configurable: true,
  });
}

/** Whether `value` is a class that records fields of its own, or inherits some. */
export function recordsFields(value: ClassReference): boolean {
  return lineageOf(value).some((ancestor) => ownFields(ancestor).length > 0);
}

/**
 * The encrypted fields of `source` and of the classes it extends, the eldest's first.
 *
 * @throws {InvalidDeclarationError} A field is declared twice, differently.
 */
export function readClassFields(source: ClassReference): ClassField[] {
  const fields = new Map<string, ClassField>();
  for (const owner of lineageOf(source).reverse()) {
    for (const { name, declaration } of ownFields(owner)) {
      const earlier = fields.get(name);
      if (earlier !== undefined && !sameDeclaration(earlier.declaration, declaration)) {
        throw declaredTwice(`${source.name}.${name}`, name, [earlier.declaration, declaration]);
      }
      const designType = designTypeOf(source, name);
      fields.set(name, { name, declaration, inherited: owner !== source, designType });
    }
  }
  return [...fields.values()];
}

/** `source` and the classes it extends, itself first. */
function lineageOf(source: ClassReference): ClassReference[] {
  const lineage: ClassReference[] = [];
  let ancestor: unknown = source;
  while (typeof ancestor === 'function' && ancestor !== Function.prototype) {
    lineage.push(ancestor as ClassReference);
    ancestor = Object.getPrototypeOf(ancestor);
  }
  return lineage;
}

function ownFields(owner: ClassReference): readonly RecordedField[] {
  const metadata = ownValue(owner, METADATA);
  const standard = typeof metadata === 'object' && metadata !== null ? recordedBy(metadata) : [];
  return [...recordedBy(owner), ...standard];
}

function recordedBy(owner: object): readonly RecordedField[] {
  return (ownValue(owner, FIELDS) ?? []) as readonly RecordedField[];
}

/** Inherited values are left out: what a superclass records is its own, and siblings share none of it. */
function ownValue(owner: object, key: symbol): unknown {
  return Object.getOwnPropertyDescriptor(owner, key)?.value;
}

/** `Reflect.getMetadata` exists where the developer's program has loaded reflect-metadata; this package does not. */
function designTypeOf(source: ClassReference, name: string): unknown {
  const { getMetadata } = Reflect as { getMetadata?: (...args: unknown[]) => unknown };
  return getMetadata?.('design:type', source.prototype, name);
}
