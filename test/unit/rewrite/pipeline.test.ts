import type { ObjectNode, PlanNode } from '../../../src/plan/encryption-plan';
import { STAGES, rewritePipeline } from '../../../src/rewrite/pipeline';
import type { RewriteScope } from '../../../src/rewrite/rewrite-scope';
import {
  ROOT,
  arrayNode,
  deepFrozen,
  fieldNode,
  fillWithText,
  objectNode,
  refusalOf,
  scopeOver,
} from './fixture';

const ORDERS = objectNode({
  customer: fieldNode('customer'),
  total: fieldNode('total', { algorithm: 'Random', type: 'Number' }),
});
const LISTS = arrayNode(fieldNode('lists'));
const MAPS = objectNode({
  lists: objectNode({}, LISTS),
  days: objectNode({}, objectNode({ lists: LISTS })),
});
const COLLECTIONS: Record<string, ObjectNode> = { orders: ORDERS, patients: ROOT, maps: MAPS };

function newScope(root: ObjectNode = ROOT, more: Partial<RewriteScope> = {}): RewriteScope {
  return scopeOver(root, { shapeOfCollection: (name) => COLLECTIONS[name], ...more });
}

function run(pipeline: unknown, scope = newScope()): { stages: unknown; shape: string[] } {
  const { pipeline: stages, shape } = rewritePipeline(deepFrozen(pipeline), scope);
  fillWithText(scope.values.slots);
  return { stages, shape: shape === undefined ? [] : pathsIn(shape, '') };
}

/** Where encrypted values stand in `node`: `[]` for the elements of an array, `*` for other keys. */
function pathsIn(node: PlanNode, prefix: string): string[] {
  switch (node.kind) {
    case 'field':
      return [`${prefix}=${node.field.path}`];
    case 'array':
      return pathsIn(node.element, `${prefix}[]`);
    case 'object': {
      const children = [...node.children].flatMap(([key, child]) =>
        pathsIn(child, prefix === '' ? key : `${prefix}.${key}`),
      );
      return node.rest === undefined
        ? children
        : [...children, ...pathsIn(node.rest, `${prefix}.*`)];
    }
  }
}

const ALL = pathsIn(ROOT, '');
const without = (...heads: string[]): string[] =>
  ALL.filter((path) => !heads.includes(path.split(/[.=[]/)[0] ?? ''));

describe('a stage that documents with encrypted fields may pass', () => {
  it.each<[string, unknown[], string[]]>([
    ['$limit, $skip and $sample', [{ $limit: 1 }, { $skip: 1 }, { $sample: { size: 1 } }], ALL],
    ['$count', [{ $count: 'n' }], []],
    ['$sort by a plain path', [{ $sort: { name: 1, 'contacts.city': -1 } }], ALL],
    ['$project that selects', [{ $project: { ssn: 1, name: true } }], ['ssn=ssn']],
    [
      '$project that selects inside',
      [{ $project: { address: { street: 1 }, 'contacts.phone': 1 } }],
      [
        'address.street=address.street',
        'contacts[].phone=contacts.phone',
        'contacts[].labels[]=contacts.labels',
      ],
    ],
    ['$project that deselects', [{ $project: { ssn: 0, _id: 0 } }], without('ssn')],
    ['$project that deselects inside', [{ $project: { 'address.street': 0 } }], without('address')],
    ['$project that deselects with _id: 1', [{ $project: { _id: 1, ssn: 0 } }], without('ssn')],
    ['$project of _id alone', [{ $project: { _id: 1 } }], []],
    ['$project that renames', [{ $project: { number: '$ssn' } }], ['number=ssn']],
    [
      '$project that renames beside a computed field',
      [{ $project: { number: '$ssn', upper: { $toUpper: '$name' } } }],
      ['number=ssn'],
    ],
    [
      '$project of the document',
      [{ $project: { doc: '$$ROOT' } }],
      ALL.map((path) => `doc.${path}`),
    ],
    ['$addFields of a plain field', [{ $addFields: { n: { $size: '$list' } } }], ALL],
    ['$addFields of a literal', [{ $set: { n: 1, text: 'x', nested: { a: true } } }], ALL],
    ['$addFields that renames', [{ $addFields: { copy: '$pin' } }], [...ALL, 'copy=pin']],
    [
      '$addFields that renames into a declared subdocument',
      [{ $addFields: { 'address.copy': '$ssn' } }, { $project: { address: 1 } }],
      ['address.street=address.street', 'address.copy=ssn'],
    ],
    ['$unset', [{ $unset: ['ssn', 'name'] }], without('ssn')],
    ['$replaceRoot', [{ $replaceRoot: { newRoot: '$address' } }], ['street=address.street']],
    ['$replaceRoot by a Map', [{ $replaceRoot: { newRoot: '$codes' } }], ['.*=codes.$*']],
    [
      '$project after $replaceRoot by a Map',
      [{ $replaceRoot: { newRoot: '$codes' } }, { $project: { x: 1 } }],
      ['_id=codes.$*', 'x=codes.$*'],
    ],
    [
      '$unset of all that is encrypted in an array of subdocuments',
      [{ $unset: ['contacts.phone', 'contacts.labels', 'contacts.x', 'codes.x'] }],
      without('contacts'),
    ],
    [
      '$graphLookup of plain documents',
      [{ $graphLookup: { from: 'cities', startWith: '$city', as: 'x' } }],
      ALL,
    ],
    [
      '$graphLookup of encrypted documents',
      [
        {
          $graphLookup: {
            from: 'orders',
            startWith: '$ssn',
            connectFromField: 'customer',
            connectToField: 'customer',
            as: 'x',
          },
        },
        { $project: { x: 1 } },
      ],
      ['x[].customer=customer', 'x[].total=total'],
    ],
    [
      '$lookup by a variable',
      [
        {
          $lookup: {
            from: 'orders',
            let: { s: '$ssn' },
            pipeline: [{ $match: { $expr: { $eq: ['$customer', '$$s'] } } }],
            as: 'x',
          },
        },
        { $project: { x: 1 } },
      ],
      ['x[].customer=customer', 'x[].total=total'],
    ],
    [
      '$setWindowFields',
      [
        {
          $setWindowFields: {
            partitionBy: '$ssn',
            output: { a: { $push: '$pin', window: {} }, b: { $shift: { output: '$age', by: 1 } } },
          },
        },
        { $project: { a: 1, b: 1 } },
      ],
      ['a[]=pin', 'b=age'],
    ],
    ['$fill', [{ $fill: { output: { ssn: { method: 'locf' } } } }], ALL],
    ['$densify', [{ $densify: { field: 'n', partitionByFields: ['ssn'] } }], ALL],
    ['$redact', [{ $redact: '$$KEEP' }], ALL],
    ['$indexStats and $collStats', [{ $indexStats: {} }], []],
    ['$unionWith documents of nowhere', [{ $count: 'n' }, { $unionWith: { pipeline: [] } }], []],
    ['$replaceWith a plain object', [{ $replaceWith: '$meta' }], []],
    ['$replaceWith an object of paths', [{ $replaceWith: { s: '$ssn', n: '$name' } }], ['s=ssn']],
    [
      '$unwind of encrypted elements',
      [{ $unwind: '$tags' }, { $project: { tags: 1 } }],
      ['tags=tags'],
    ],
    [
      '$unwind of subdocuments',
      [
        { $unwind: { path: '$contacts', includeArrayIndex: 'at' } },
        { $unwind: '$contacts.labels' },
        { $project: { contacts: 1 } },
      ],
      ['contacts.phone=contacts.phone', 'contacts.labels=contacts.labels'],
    ],
    ['$unwind of a single value', [{ $unwind: '$ssn' }], ALL],
    ['$unwind of a plain array', [{ $unwind: '$list' }], ALL],
    [
      '$group by a plain field',
      [{ $group: { _id: '$city', n: { $sum: 1 }, first: { $first: '$pin' } } }],
      ['first=pin'],
    ],
    [
      '$group by a Deterministic field',
      [
        {
          $group: {
            _id: '$ssn',
            all: { $push: '$pin' },
            set: { $addToSet: '$age' },
            docs: { $push: '$$ROOT' },
            two: { $firstN: { n: 2, input: '$ssn2' } },
          },
        },
        { $project: { docs: 0 } },
      ],
      ['_id=ssn', 'all[]=pin', 'set[]=age', 'two[]=ssn2'],
    ],
    [
      '$group by several',
      [{ $group: { _id: { ssn: '$ssn', city: '$city' }, n: { $count: {} } } }],
      ['_id.ssn=ssn'],
    ],
    ['$sortByCount', [{ $sortByCount: '$ssn' }], ['_id=ssn']],
    [
      '$bucket by a plain field',
      [{ $bucket: { groupBy: '$year', boundaries: [1, 2], output: { s: { $push: '$ssn' } } } }],
      ['s[]=ssn'],
    ],
    [
      '$facet',
      [{ $facet: { a: [{ $project: { ssn: 1 } }], b: [{ $count: 'n' }] } }],
      ['a[].ssn=ssn'],
    ],
    ['$lookup of plain documents', [{ $lookup: lookup('cities', 'city', 'name') }], ALL],
    [
      '$lookup of encrypted documents by plain fields',
      [{ $project: { _id: 1 } }, { $lookup: lookup('orders', '_id', 'patient') }],
      ['found[].customer=customer', 'found[].total=total'],
    ],
    [
      '$lookup by fields declared alike',
      [{ $lookup: lookup('patients', 'ssn', 'ssn2') }, { $project: { 'found.ssn': 1, x: '$ssn' } }],
      [...ALL.map((path) => `found[].${path}`), 'x=ssn'],
    ],
    ['$unionWith the same', [{ $unionWith: 'patients' }], ALL],
    [
      '$unionWith documents that hold nothing encrypted any more',
      [{ $count: 'n' }, { $unionWith: { coll: 'orders', pipeline: [{ $count: 'n' }] } }],
      [],
    ],
    ['$merge into the same', [{ $merge: { into: 'patients' } }], []],
    ['$out of plain documents', [{ $count: 'n' }, { $out: 'counts' }], []],
    [
      'any stage where nothing encrypted is left',
      [{ $project: { name: 1 } }, { $setWindowFields: {} }, { $redact: '$$KEEP' }],
      [],
    ],
    [
      '$geoNear',
      [{ $geoNear: { near: [0, 0], distanceField: 'd', key: 'place', query: { name: 'a' } } }],
      ALL,
    ],
  ])('%s keeps what results hold', (_, pipeline, shape) => {
    expect(run(pipeline)).toEqual({ stages: pipeline, shape });
  });

  it('leaves the stages of a model without encrypted fields as they are', () => {
    const pipeline = [{ $match: { $where: 'x' } }, { $lookup: lookup('cities', 'a', 'b') }];
    expect(run(pipeline, newScope(objectNode({})))).toEqual({ stages: pipeline, shape: [] });
  });
});

function lookup(from: string, localField: string, foreignField: string): object {
  return { from, localField, foreignField, as: 'found' };
}

describe('a filter in a pipeline', () => {
  it.each<[string, unknown[], unknown]>([
    ['the start', [{ $match: { ssn: 'a' } }], [{ $match: { ssn: 'D(ssn)a' } }]],
    [
      'a rename',
      [{ $project: { number: '$ssn' } }, { $match: { number: 'a', ssn: 'b' } }],
      [{ $project: { number: '$ssn' } }, { $match: { number: 'D(ssn)a', ssn: 'b' } }],
    ],
    [
      'a group',
      [{ $sortByCount: '$ssn' }, { $match: { _id: { $in: ['a'] } } }],
      [{ $sortByCount: '$ssn' }, { $match: { _id: { $in: ['D(ssn)a'] } } }],
    ],
    [
      'an inner pipeline on another collection',
      [
        {
          $lookup: { from: 'orders', pipeline: [{ $match: { customer: 'a', ssn: 'b' } }], as: 'o' },
        },
      ],
      [
        {
          $lookup: {
            from: 'orders',
            pipeline: [{ $match: { customer: 'D(customer)a', ssn: 'b' } }],
            as: 'o',
          },
        },
      ],
    ],
    [
      'a facet',
      [{ $facet: { a: [{ $match: { tags: 'a' } }] } }],
      [{ $facet: { a: [{ $match: { tags: 'D(tags)a' } }] } }],
    ],
    [
      '$geoNear',
      [{ $geoNear: { near: [0, 0], distanceField: 'd', query: { ssn: 'a' } } }],
      [{ $geoNear: { near: [0, 0], distanceField: 'd', query: { ssn: 'D(ssn)a' } } }],
    ],
    [
      '$unionWith',
      [{ $unionWith: { coll: 'patients', pipeline: [{ $match: { ssn: 'a' } }] } }],
      [{ $unionWith: { coll: 'patients', pipeline: [{ $match: { ssn: 'D(ssn)a' } }] } }],
    ],
  ])('is rewritten by what documents hold after %s', (_, pipeline, stages) => {
    expect(run(pipeline).stages).toEqual(stages);
  });
});

const STAGE = 'UnsupportedStageError FLE_UNSUPPORTED_STAGE Patient';
const AFTER = 'Compute with it after reading, or use a plain field.';
const TOP = 'Give it a new name at the top of the document.';
const ELSEWHERE = 'Read the other collection through its own model.';

describe('a pipeline is refused', () => {
  it.each<[string, unknown, string]>([
    [
      'a stage that is not listed',
      [{ $planCacheStats: {} }],
      ': the stage $planCacheStats is not available where documents hold encrypted fields. Deselect them before, or do after reading what the stage does.',
    ],
    [
      '$search',
      [{ $search: {} }],
      ': the stage $search is not available where documents hold encrypted fields. Deselect them before, or do after reading what the stage does.',
    ],
    [
      'no pipeline',
      'x',
      ': a pipeline is not an array of stages, each with one name. Give an array of stages.',
    ],
    [
      'a stage with two names',
      [{ $limit: 1, $skip: 1 }],
      ': a pipeline is not an array of stages, each with one name. Give an array of stages.',
    ],
    [
      '$sort by an encrypted path',
      [{ $sort: { 'contacts.phone': 1 } }],
      '.contacts.phone: $sort cannot order documents by an encrypted field. Sort by a plain field, or sort after reading.',
    ],
    [
      '$project inside a whole value',
      [{ $project: { 'profile.a': 1 } }],
      '.profile: $project cannot select: the path leads inside a value that is encrypted as one. Select or deselect the whole value.',
    ],
    [
      '$project that computes',
      [{ $project: { x: { $toUpper: '$ssn' } } }],
      `: $project computes "x" from an encrypted field, or something that may hold one. ${AFTER}`,
    ],
    [
      '$addFields from an array of subdocuments',
      [{ $addFields: { x: '$contacts.phone' } }],
      `: $addFields computes "x" from an encrypted field, or something that may hold one. ${AFTER}`,
    ],
    [
      '$addFields from $getField',
      [{ $addFields: { x: { $getField: 'ssn' } } }],
      `: $addFields computes "x" from an encrypted field, or something that may hold one. ${AFTER}`,
    ],
    [
      '$addFields from $objectToArray',
      [{ $addFields: { x: { $objectToArray: '$$ROOT' } } }],
      `: $addFields computes "x" from an encrypted field, or something that may hold one. ${AFTER}`,
    ],
    [
      '$addFields from an unknown operator',
      [{ $addFields: { x: { $function: {} } } }],
      `: $addFields computes "x" from an encrypted field, or something that may hold one. ${AFTER}`,
    ],
    [
      '$addFields of a literal onto an encrypted path',
      [{ $addFields: { ssn: 'a' } }],
      `.ssn: $addFields would write a plain value onto an encrypted path. ${TOP}`,
    ],
    [
      '$addFields of a plain path onto a parent',
      [{ $addFields: { address: '$home' } }],
      `.address: $addFields would write a plain value onto an encrypted path. ${TOP}`,
    ],
    [
      '$set of a literal into subdocuments',
      [{ $set: { contacts: { phone: 'a' } } }],
      `.contacts.phone: $set would write a plain value onto an encrypted path. ${TOP}`,
    ],
    [
      '$addFields of an encrypted value into an unknown place',
      [{ $addFields: { 'a.b': '$ssn' } }],
      `.a.b: $addFields would write an encrypted value to a path that may lead into an array. ${TOP}`,
    ],
    [
      '$unset inside a whole value',
      [{ $unset: 'profile.a' }],
      '.profile: $unset cannot select: the path leads inside a value that is encrypted as one. Select or deselect the whole value.',
    ],
    [
      '$replaceRoot by an array',
      [{ $replaceRoot: { newRoot: '$contacts' } }],
      ': $replaceRoot would make a document of encrypted values that cannot be followed. Name a path of a subdocument, or an object of paths.',
    ],
    [
      '$replaceWith a merge',
      [{ $replaceWith: { $mergeObjects: ['$$ROOT', { a: 1 }] } }],
      ': $replaceWith would make a document of encrypted values that cannot be followed. Name a path of a subdocument, or an object of paths.',
    ],
    [
      '$unwind of a whole value',
      [{ $unwind: '$history' }],
      '.history: $unwind cannot take apart an array that is encrypted as one value. Unwind the outer array first.',
    ],
    [
      '$unwind through an array',
      [{ $unwind: '$contacts.labels' }],
      '.contacts.labels: $unwind needs a path that leads through no other array, nor into an encrypted value. Unwind the outer array first.',
    ],
    [
      '$unwind with an index onto an encrypted path',
      [{ $unwind: { path: '$tags', includeArrayIndex: 'ssn' } }],
      `.ssn: $unwind would write an index onto an encrypted path. ${TOP}`,
    ],
    [
      '$unwind of a variable',
      [{ $unwind: '$$ROOT' }],
      `: $unwind needs a path that begins with "$". ${AFTER}`,
    ],
    [
      '$unwind of an array in a Map',
      [
        { $lookup: { from: 'maps', pipeline: [], as: 'm' } },
        { $unwind: '$m' },
        { $unwind: '$m.lists.x.y' },
      ],
      '.m.lists.x.y: $unwind needs a path that leads through no other array, nor into an encrypted value. Unwind the outer array first.',
    ],
    [
      '$unwind of an array in a Map of Maps',
      [
        { $lookup: { from: 'maps', pipeline: [{ $replaceRoot: { newRoot: '$days' } }], as: 'm' } },
        { $unwind: '$m' },
        { $replaceRoot: { newRoot: '$m' } },
        { $unwind: '$monday.lists' },
      ],
      `.monday.lists: $unwind cannot follow this path. ${AFTER}`,
    ],
    [
      '$project of something else',
      [{ $project: 'ssn' }],
      ': $project is given something else than an object. Give an object of paths.',
    ],
    [
      '$group with $firstN of a computed number',
      [{ $group: { _id: null, x: { $firstN: { n: '$age', input: '$ssn' } } } }],
      `: $group computes "x" from an encrypted field, or something that may hold one. ${AFTER}`,
    ],
    [
      '$replaceWith an object of computed paths',
      [{ $replaceWith: { a: { $max: '$age' }, b: '$ssn' } }],
      ': $replaceWith would make a document of encrypted values that cannot be followed. Name a path of a subdocument, or an object of paths.',
    ],
    [
      '$group without accumulators',
      [{ $group: { _id: null, x: {} } }],
      `: $group has an accumulator, this operator, that is not available on encrypted documents. ${AFTER}`,
    ],
    [
      'a stage that is none',
      ['x'],
      ': a pipeline is not an array of stages, each with one name. Give an array of stages.',
    ],
    [
      '$group by a Random field',
      [{ $group: { _id: '$pin' } }],
      `: $group cannot find equal values among Random ones. ${AFTER}`,
    ],
    [
      '$group by a computed key',
      [{ $group: { _id: { $substr: ['$ssn', 0, 1] } } }],
      `: $group computes "_id" from an encrypted field, or something that may hold one. ${AFTER}`,
    ],
    [
      '$group with $max',
      [{ $group: { _id: null, x: { $max: '$age' } } }],
      `: $group computes "x" from an encrypted field, or something that may hold one. ${AFTER}`,
    ],
    [
      '$group with $addToSet of Random values',
      [{ $group: { _id: null, x: { $addToSet: '$pin' } } }],
      `: $group cannot find equal values among Random ones. ${AFTER}`,
    ],
    [
      '$group with an unknown accumulator',
      [{ $group: { _id: null, x: { $accumulator: {} } } }],
      `: $group has an accumulator, $accumulator, that is not available on encrypted documents. ${AFTER}`,
    ],
    [
      '$bucketAuto by an encrypted field',
      [{ $bucketAuto: { groupBy: '$age', buckets: 2 } }],
      `: $bucketAuto cannot order encrypted values. ${AFTER}`,
    ],
    [
      '$lookup by Random fields',
      [{ $lookup: lookup('patients', 'pin', 'pin') }],
      `: $lookup joins by encrypted fields that are not Deterministic and declared alike. ${ELSEWHERE}`,
    ],
    [
      '$lookup by an encrypted and a plain field',
      [{ $lookup: lookup('cities', 'ssn', 'x') }],
      `: $lookup joins by encrypted fields that are not Deterministic and declared alike. ${ELSEWHERE}`,
    ],
    [
      '$lookup onto an encrypted path',
      [{ $lookup: { from: 'cities', pipeline: [], as: 'contacts' } }],
      '.contacts: $lookup would write what it finds onto an encrypted path. Name another path with "as".',
    ],
    [
      '$lookup with an encrypted variable',
      [
        {
          $lookup: {
            from: 'cities',
            let: { s: '$ssn' },
            pipeline: [{ $match: { a: '$$s.b' } }],
            as: 'x',
          },
        },
      ],
      `: $lookup uses a variable that is bound to an encrypted field otherwise than in an $eq with a Deterministic path declared alike, in a $match at the beginning. ${AFTER}`,
    ],
    [
      '$lookup of encrypted documents into an unknown place',
      [{ $lookup: { from: 'orders', pipeline: [], as: 'a.b' } }],
      '.a.b: $lookup would write encrypted values to a path that may lead into an array. Give "as" a name at the top of the document.',
    ],
    [
      '$lookup from something unnamed',
      [{ $lookup: { from: 1, as: 'x' } }],
      ': $lookup does not name a collection. Name it by a string.',
    ],
    [
      '$graphLookup from a plain value to an encrypted field',
      [{ $graphLookup: { from: 'orders', startWith: '1', connectToField: 'customer', as: 'x' } }],
      `: $graphLookup joins by encrypted fields that are not Deterministic and declared alike. ${ELSEWHERE}`,
    ],
    [
      '$graphLookup that starts with an encrypted field',
      [{ $graphLookup: { from: 'cities', startWith: '$ssn', as: 'x' } }],
      `: $graphLookup joins by encrypted fields that are not Deterministic and declared alike. ${ELSEWHERE}`,
    ],
    [
      '$unionWith other documents',
      [{ $unionWith: 'cities' }],
      `: $unionWith would mix documents whose fields are encrypted differently. ${ELSEWHERE}`,
    ],
    [
      '$out into a plain collection',
      [{ $out: { db: 'x', coll: 'cities' } }],
      ': $out would store documents whose fields are encrypted differently there. Write them through the model of that collection.',
    ],
    [
      '$merge of plain documents into an encrypted collection',
      [{ $count: 'ssn' }, { $merge: 'patients' }],
      ': $merge would store documents whose fields are encrypted differently there. Write them through the model of that collection.',
    ],
    [
      '$merge that computes',
      [{ $merge: { into: 'patients', whenMatched: [] } }],
      ": $merge would compute with encrypted fields in whenMatched. Leave whenMatched out, or give it 'merge', 'replace' or 'keepExisting'.",
    ],
    [
      '$geoNear onto an encrypted path',
      [{ $geoNear: { distanceField: 'ssn' } }],
      `.ssn: $geoNear cannot use an encrypted path. ${AFTER}`,
    ],
    [
      'a refused stage inside $facet',
      [{ $facet: { a: [{ $sort: { ssn: 1 } }] } }],
      '.ssn: $sort cannot order documents by an encrypted field. Sort by a plain field, or sort after reading.',
    ],
  ])('for %s', (_, pipeline, message) => {
    expect(refusalOf(() => rewritePipeline(pipeline, newScope()))).toBe(STAGE + message);
  });

  it.each(['$group', '$sortByCount'])('for %s of encrypted strings under a collation', (name) => {
    const operand = name === '$group' ? { _id: '$ssn' } : '$ssn';
    const scope = newScope(ROOT, { collation: { locale: 'en' } });
    expect(refusalOf(() => rewritePipeline([{ [name]: operand }], scope))).toBe(
      `${STAGE}: ${name} cannot compare encrypted strings under a collation. Leave the collation out, or group by a plain field.`,
    );
  });

  it.each([
    ['$lookup', { from: 'orders', localField: 'a', foreignField: 'b', as: 'o' }],
    ['$graphLookup', { from: 'orders', as: 'o' }],
    ['$unionWith', 'orders'],
    ['$merge', 'orders'],
    ['$out', { db: 'other', coll: 'orders' }],
  ])('for %s of an encrypted collection on a model without encrypted fields', (name, operand) => {
    const scope = newScope(objectNode({}));
    expect(refusalOf(() => rewritePipeline([{ $match: {} }, { [name]: operand }], scope))).toBe(
      `${STAGE}: ${name} names a collection with encrypted fields. Aggregate from the model that declares them.`,
    );
  });
});

it('asks for collections of other databases by their database', () => {
  const asked: unknown[] = [];
  const shapeOfCollection = (name: string, database?: string): undefined => {
    asked.push([name, database]);
    return undefined;
  };
  run([{ $count: 'n' }, { $out: { db: 'x', coll: 'y' } }], newScope(ROOT, { shapeOfCollection }));
  expect(asked).toEqual([['y', 'x']]);
});

it('says of every stage what of it may be encrypted', () => {
  expect(Object.values(STAGES).every(({ encrypted }) => encrypted.length > 0)).toBe(true);
});
