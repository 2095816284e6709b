import fc from 'fast-check';
import { defaultOf, scalarPool } from './arbitrary-values';
import type {
  Blueprint,
  Field,
  Fields,
  ObjectKind,
  ScalarType,
  SchemaOptions,
  Seal,
  Shape,
  Traits,
} from './blueprint';

const SCALARS: readonly ScalarType[] = [
  'String',
  'Number',
  'Boolean',
  'Date',
  'ObjectId',
  'Buffer',
  'UUID',
  'BigInt',
  'Int32',
  'Double',
  'Decimal128',
];

/** Types that docs/operations.md gives Random only. */
const RANDOM_ONLY: ReadonlySet<ScalarType> = new Set(['Boolean', 'Double', 'Decimal128']);

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const INNER_NAMES = ['p', 'q', 'r'] as const;

const scalarType: fc.Arbitrary<ScalarType> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<ScalarType[]>('String', 'Number') },
  { weight: 2, arbitrary: fc.constantFrom(...SCALARS) },
);

const keyAltName = fc.constantFrom('one' as const, 'two' as const);

const whole: fc.Arbitrary<Seal> = keyAltName.map((name) => ({
  algorithm: 'Random',
  keyAltName: name,
  whole: true,
}));

const sealOf = (type: ScalarType): fc.Arbitrary<Seal> =>
  fc.record({
    algorithm: RANDOM_ONLY.has(type)
      ? fc.constant('Random' as const)
      : fc.constantFrom('Deterministic' as const, 'Random' as const),
    keyAltName,
  });

const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq: number): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq });

/** Half of the scalars say more than their type. */
const traitsOf = (type: ScalarType, name: string): fc.Arbitrary<Traits | undefined> => {
  const number = type === 'Number' || type === 'Int32' || type === 'Double';
  const choices: Traits[] = [
    { required: true },
    { default: defaultOf(type) },
    { alias: `${name}Alias` },
    { accessors: true },
    { select: false },
    { immutable: true },
    ...(number ? [{ min: 0 }] : []),
    ...(type === 'String' ? [{ enum: scalarPool('String').slice(0, 2) }] : []),
  ];
  return fc.option(fc.constantFrom(...choices), { nil: undefined, freq: 1 });
};

const scalar = (name: string): fc.Arbitrary<Field> =>
  scalarType.chain((type) =>
    fc.record({
      shape: fc.constant<Shape>({ kind: 'scalar', type }),
      seal: maybe(sealOf(type), 2),
      traits: traitsOf(type, name),
    }),
  );

const collection = (kind: 'list' | 'map'): fc.Arbitrary<Field> =>
  scalarType.chain((type) =>
    fc.record({
      shape: fc.constant<Shape>({ kind, type }),
      seal: maybe(fc.oneof({ weight: 2, arbitrary: sealOf(type) }, whole), 3),
    }),
  );

const mixed: fc.Arbitrary<Field> = fc.record({
  shape: fc.constant<Shape>({ kind: 'mixed' }),
  seal: maybe(whole, 2),
});

const wholeObject = (kind: ObjectKind): fc.Arbitrary<Field> =>
  fc.record({
    shape: fieldsNamed(INNER_NAMES, 1).map<Shape>((fields) => ({ kind, fields: unsealed(fields) })),
    seal: whole,
  });

const object = (depth: number): fc.Arbitrary<Field> =>
  fc
    .constantFrom<ObjectKind[]>('nested', 'single', 'documents', 'documents', 'documentMap')
    .chain((kind) =>
      fc.oneof(
        {
          weight: 3,
          arbitrary: fieldsNamed(INNER_NAMES, depth + 1).map<Field>((fields) => ({
            shape: { kind, fields },
          })),
        },
        { weight: kind === 'nested' && depth > 0 ? 0 : 1, arbitrary: wholeObject(kind) },
      ),
    );

/** A field encrypted inside of another that is encrypted as a whole would be refused. */
function unsealed(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { shape, traits }]): [string, Field] => [
      name,
      {
        shape: 'fields' in shape ? { ...shape, fields: unsealed(shape.fields) } : shape,
        traits,
      },
    ]),
  );
}

const field = (name: string, depth: number): fc.Arbitrary<Field> =>
  fc.oneof(
    { weight: 6, arbitrary: scalar(name) },
    { weight: 3, arbitrary: collection('list') },
    { weight: depth > 1 ? 0 : 3, arbitrary: fc.constant(depth).chain(object) },
    { weight: 1, arbitrary: collection('map') },
    { weight: 1, arbitrary: mixed },
  );

const fieldsNamed = (names: readonly string[], depth: number): fc.Arbitrary<Fields> =>
  fc
    .record(Object.fromEntries(names.map((name) => [name, field(name, depth)])), {
      requiredKeys: [],
      noNullPrototype: true,
    })
    .map((fields) => fields as Fields)
    .filter((fields) => Object.keys(fields).length > 0);

const options: fc.Arbitrary<SchemaOptions> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  fc.constantFrom<SchemaOptions[]>(
    { versionKey: false },
    { timestamps: true },
    { minimize: false },
    { optimisticConcurrency: true },
  ),
);

/** One field in some schemas has a unique index: a plain or Deterministic one. */
const withUnique = (fields: Fields): fc.Arbitrary<Fields> => {
  const able = Object.entries(fields).filter(
    ([, { shape, seal }]) => shape.kind === 'scalar' && seal?.algorithm !== 'Random',
  );
  if (able.length === 0) return fc.constant(fields);
  const indexed = fc
    .tuple(fc.constantFrom(...able), fc.boolean())
    .map(([[name, { traits, ...others }], isSparse]) => ({
      ...fields,
      [name]: {
        ...others,
        traits: {
          ...traits,
          unique: true as const,
          ...(isSparse ? { sparse: true as const } : {}),
        },
      },
    }));
  return fc.oneof({ weight: 6, arbitrary: fc.constant(fields) }, { weight: 1, arbitrary: indexed });
};

/** Schemas of every type, algorithm and shape that operations.md lists, of which something is encrypted. */
export const blueprint: fc.Arbitrary<Blueprint> = fc
  .record({
    fields: fieldsNamed(NAMES, 0).chain(withUnique),
    special: maybe(fc.record({ s: scalar('s'), t: collection('list') }), 4),
    options,
  })
  .filter(
    ({ fields, special }) => isSealed(fields) || (special !== undefined && isSealed(special)),
  );

function isSealed(fields: Fields): boolean {
  return Object.values(fields).some(
    ({ shape, seal }) => seal !== undefined || ('fields' in shape && isSealed(shape.fields)),
  );
}
