import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import type { CollectionBoundary } from '../../src/mongoose/collection-boundary';
import { boundCollection } from '../../src/mongoose/bound-collection';
import { indexMethods } from '../../src/mongoose/index-methods';
import { readMethods } from '../../src/mongoose/read-methods';
import { writeMethods } from '../../src/mongoose/write-methods';
import { FIELD_TYPES } from '../../src/plan/plan-field';
import { CLAUSE_OPERATORS, FILTER_OPERATORS } from '../../src/rewrite/filter-operators';
import { ACCUMULATORS } from '../../src/rewrite/group-stages';
import { STAGES } from '../../src/rewrite/pipeline';
import { PROJECTION_OPERATORS } from '../../src/rewrite/projection';
import { READ_OPTIONS } from '../../src/rewrite/read-options';
import { WINDOW_OPERATORS } from '../../src/rewrite/window-stages';
import {
  ELEMENT_MODIFIERS,
  UPDATE_OPERATORS,
  UPDATE_STAGES,
} from '../../src/rewrite/update-operators';
import { tableRowsOf } from './markdown';
import { ROOT } from './source-tree';

const TEXT = readFileSync(join(ROOT, 'docs', 'operations.md'), 'utf8');

/** The rows under a heading, by what their first cells name. */
function rowsOf(heading: string, table = 0): Map<string, string[]> {
  const section = TEXT.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  const tables = section.split(/\n\n/).filter((each) => each.startsWith('|'));
  return new Map(
    tableRowsOf(`${tables[table] ?? ''}\n`).flatMap(([first = '', ...cells]) =>
      namesIn(first).map((name) => [name, cells]),
    ),
  );
}

/** What stands in code, without the names behind a "such as". */
function namesIn(cell: string): string[] {
  if (cell.startsWith('any other')) return [];
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

/** The names of `rows` whose cells tell that they are supported, in order. */
function supported(rows: ReadonlyMap<string, string[]>): string[] {
  const names = [...rows].filter(([, cells]) => !cells.every((cell) => /^`FLE_\w+`$/.test(cell)));
  return names.map(([name]) => name).sort();
}

function columns(rows: ReadonlyMap<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(rows);
}

describe('docs/operations.md', () => {
  it('says of every filter operator how far it goes', () => {
    const words = {
      yes: 'yes',
      arrays: 'arrays',
      null: 'only null',
      conditions: 'only `$elemMatch` conditions',
    };
    const rows = rowsOf('Filters');
    const expected = Object.entries(FILTER_OPERATORS).map(([name, { deterministic, random }]) => [
      name,
      [words[deterministic], name === '$not' ? 'what may be asked without it' : words[random]],
    ]);
    expect(columns(rows)).toMatchObject(Object.fromEntries(expected));
    const known = [...Object.keys(FILTER_OPERATORS), ...Object.keys(CLAUSE_OPERATORS)];
    expect(supported(rows)).toEqual(known.sort());
  });

  it('says of every update operator how far it goes', () => {
    const words = {
      yes: 'yes',
      arrays: 'arrays',
      alike: 'to a path declared alike',
      null: 'only null',
      no: '`FLE_UNSUPPORTED_UPDATE`',
    };
    const expected = Object.entries(UPDATE_OPERATORS).map(([name, { deterministic, random }]) => [
      name,
      [words[deterministic], words[random]],
    ]);
    expect(columns(rowsOf('Updates'))).toEqual(Object.fromEntries(expected));
  });

  it('lists the modifiers of arrays, and the stages of a pipeline update', () => {
    const modifiers = Object.entries(ELEMENT_MODIFIERS).flatMap(([name, each]) => [name, ...each]);
    expect([...rowsOf('Updates', 1).keys()].sort()).toEqual([...new Set(modifiers)].sort());
    expect(supported(rowsOf('Updates', 2))).toEqual(Object.keys(UPDATE_STAGES).sort());
  });

  it('lists the options of reading', () => {
    const rows = rowsOf('Reading');
    expect([...rows.keys()].sort()).toEqual([...Object.keys(READ_OPTIONS), 'raw'].sort());
    for (const operator of Object.keys(PROJECTION_OPERATORS)) {
      expect(rows.get('projection')?.join()).toContain(`\`${operator}\``);
    }
  });

  it('lists the stages and accumulators of aggregation', () => {
    expect(supported(rowsOf('Aggregation'))).toEqual(Object.keys(STAGES).sort());
    const computing = Object.entries(ACCUMULATORS).filter(([, kind]) => kind === 'compute');
    const rows = rowsOf('Aggregation', 1);
    expect([...rows.keys()].sort()).toEqual(Object.keys(ACCUMULATORS).sort());
    expect(supported(rows)).toEqual(
      Object.keys(ACCUMULATORS)
        .filter((name) => !computing.some(([each]) => each === name))
        .sort(),
    );
  });

  it('lists the operators of windows', () => {
    const rows = rowsOf('Aggregation', 2);
    rows.delete('$setWindowFields');
    expect([...rows.keys()].sort()).toEqual(Object.keys(WINDOW_OPERATORS).sort());
    const others = Object.entries(WINDOW_OPERATORS).filter(([, kind]) => kind !== 'compute');
    expect(supported(rows)).toEqual(others.map(([name]) => name).sort());
  });

  it('says of every type how it can be encrypted', () => {
    const expected = Object.entries(FIELD_TYPES).map(([name, { composite, random }]) => [
      name,
      [
        random === undefined ? 'yes' : '`FLE_UNENCRYPTABLE_TYPE`',
        'yes',
        composite ? 'needed' : 'not needed',
      ],
    ]);
    expect(columns(rowsOf('Types'))).toEqual(Object.fromEntries(expected));
  });

  it('says of every method of the collection what becomes of it', async () => {
    const rows = rowsOf('Methods');
    const documented = Object.fromEntries([...rows].map(([name, [cell = '']]) => [name, cell]));
    const actual = [...rows.keys()].map(async (name) => [name, await becomesOf(name)] as const);
    expect(Object.fromEntries(await Promise.all(actual))).toEqual(
      Object.fromEntries(
        Object.entries(documented).map(([name, cell]) => [name, cell.split(/[:,]/)[0]]),
      ),
    );
    for (const name of methodNames.filter((each) => !rows.has(each))) {
      expect([name, await becomesOf(name)]).not.toEqual([name, 'rewritten']);
      expect([name, await becomesOf(name)]).not.toEqual([name, 'passed on']);
    }
  });
});

type Method = (...parameters: unknown[]) => unknown;

const methodNames = Object.entries(Object.getOwnPropertyDescriptors(mongo.Collection.prototype))
  .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor')
  .map(([name]) => name);

/** A boundary before a collection all of whose methods answer `passed on`. */
function openBoundary(): CollectionBoundary {
  const methods = methodNames.map((name) => [name, () => 'passed on'] as const);
  const base = { ...Object.fromEntries(methods), conn: { base: { mongo } } };
  const bound = { model: { modelName: 'Patient' }, look: () => ({ fields: ['ssn'] }) };
  return { base, bound } as unknown as CollectionBoundary;
}

async function becomesOf(name: string): Promise<string> {
  const boundary = openBoundary();
  const rewritten = { ...readMethods(boundary), ...writeMethods(boundary) };
  if (Object.hasOwn(rewritten, name)) return 'rewritten';
  if (Object.hasOwn(indexMethods(boundary), name)) return 'checked';
  const method = boundCollection(boundary)[name] as Method | undefined;
  try {
    return String(await method?.());
  } catch (error) {
    return `\`${String((error as { code?: unknown }).code)}\``;
  }
}
