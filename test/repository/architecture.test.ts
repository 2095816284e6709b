import { violationsOf } from './architecture';
import { importsOf, readSourceTree } from './source-tree';

describe('src/', () => {
  it('keeps the rules of its architecture', () => {
    const tree = readSourceTree();
    expect(tree.size).toBeGreaterThan(50);
    expect(violationsOf(tree)).toEqual([]);
  });
});

describe('the rules of the architecture', () => {
  const cases: readonly [what: string, files: Record<string, string>, violations: string[]][] = [
    [
      'let a stage import the stages above it',
      {
        'errors.ts': 'export class FleError extends Error {}',
        'plan/build-plan.ts': `import { FleError } from '../errors'; export { FleError };`,
        'index.ts': `export { FleError } from './plan/build-plan';`,
      },
      [],
    ],
    [
      'refuse an import of a stage below',
      {
        'plan/build-plan.ts': `import { rewrite } from '../rewrite/filter'; rewrite();`,
        'rewrite/filter.ts': '',
      },
      ['plan/build-plan.ts imports rewrite/filter.ts'],
    ],
    [
      'refuse an import of a stage beside, also of types',
      {
        'rewrite/filter.ts': `import type { KeyRing } from '../keys/key-ring'; export type A = KeyRing;`,
        'keys/key-ring.ts': `type B = import('../rewrite/filter').A;`,
      },
      [
        'rewrite/filter.ts imports keys/key-ring.ts',
        'rewrite/filter.ts → keys/key-ring.ts → rewrite/filter.ts is a cycle',
        'keys/key-ring.ts imports rewrite/filter.ts',
        'keys/key-ring.ts → rewrite/filter.ts → keys/key-ring.ts is a cycle',
      ],
    ],
    [
      'refuse a cycle within a stage',
      {
        'codec/a.ts': `export * from './b';`,
        'codec/b.ts': `import { c } from './c'; c();`,
        'codec/c.ts': `import { a } from './a'; a();`,
      },
      [
        'codec/a.ts → codec/b.ts → codec/c.ts → codec/a.ts is a cycle',
        'codec/b.ts → codec/c.ts → codec/a.ts → codec/b.ts is a cycle',
        'codec/c.ts → codec/a.ts → codec/b.ts → codec/c.ts is a cycle',
      ],
    ],
    [
      'refuse an import of the public surface',
      { 'mongoose/plugin.ts': `import { FleError } from '../index'; FleError;`, 'index.ts': '' },
      ['mongoose/plugin.ts imports index.ts'],
    ],
    [
      'refuse a stage that is not in the plan of the house',
      { 'services/save.ts': '' },
      ['services/save.ts is in no known stage'],
    ],
    [
      'refuse names that are not of a subject',
      { 'plan/utils.ts': '', 'codec/index.ts': '', 'keys/helpers/read.ts': '' },
      [
        'plan/utils.ts is not named after a subject',
        'codec/index.ts is an index inside a folder',
        'keys/helpers/read.ts is not named after a subject',
      ],
    ],
    [
      'refuse to load the packages of the user, but not their types',
      {
        'codec/a.ts': `import type { Schema } from 'mongoose'; import { type Long } from 'bson'; export type A = Schema | Long;`,
        'codec/b.ts': `import { Schema } from 'mongoose'; new Schema();`,
        'codec/c.ts': `import { type Long, serialize } from 'bson'; serialize({}) as unknown as Long;`,
        'codec/d.ts': `require('mongodb'); import('mongoose/lib/schema.js'); import 'bson';`,
      },
      [
        'codec/b.ts loads mongoose',
        'codec/c.ts loads bson',
        'codec/d.ts loads mongodb',
        'codec/d.ts loads mongoose/lib/schema.js',
        'codec/d.ts loads bson',
      ],
    ],
    [
      'refuse files that are too long',
      { 'codec/a.ts': 'a;\n'.repeat(250), 'codec/b.ts': 'b;\n'.repeat(251) },
      ['codec/b.ts has 251 lines'],
    ],
  ];

  it.each(cases)('%s', (_, files, violations) => {
    expect(violationsOf(new Map(Object.entries(files)))).toEqual(violations);
  });

  it('see no imports in comments and text', () => {
    expect(importsOf(`// import { a } from './a';\nconst b = "import('./b')"; b;`)).toEqual([]);
  });
});
