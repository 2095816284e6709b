import { isFleError } from '../../../src/index';
import { onlyCodeOf, operationsTables, type PageTable } from '../../repository/operations-page';
import { freshCopy } from '../../support/fresh-copy';
import { openRig, type Rig } from '../../support/rig';
import { visibleText } from '../../support/wire-monitor';
import { expectSame, expectSameStored, SENTINEL, type Twins } from '../mongoose/compare-twins';
import { accumulators, windowOperators } from './accumulators';
import { accountTwinsOf, expectOwnKeys } from './accounts';
import type { Account } from '../mongoose/tenant-model';
import { type ClinicModel, type ClinicPatient, clinicTwins, furnishClinic } from './clinic';
import type { Examples, OperationsTable } from './examples';
import { filters } from './filters';
import { keysPerDocument } from './keys-per-document';
import { methods } from './methods';
import { readingOptions } from './reading';
import { stages } from './stages';
import { modifiers, pipelineUpdates, updates } from './updates';

/** In types.test.ts. */
const PROVEN_ELSEWHERE = 'Types';

/** The other tables of the page, in its order. */
const TABLES = [
  filters,
  updates,
  modifiers,
  pipelineUpdates,
  readingOptions,
  stages,
  accumulators,
  windowOperators,
  keysPerDocument,
  methods,
] as unknown as readonly OperationsTable<object>[];

const PAGE = operationsTables();
const tableOf = ({ heading, first, columns }: OperationsTable<object>): PageTable | undefined =>
  PAGE.find(
    (table) =>
      table.heading === heading && table.first === first && table.columns.join() === columns.join(),
  );

let rig: Rig;
let twins: Twins<ClinicPatient>;
let accountTwins: Twins<Account>;
let restore: () => Promise<void>;

beforeAll(async () => {
  rig = await openRig('operations', { handle: { createMissingKeys: 'all' } });
  twins = clinicTwins(rig);
  accountTwins = accountTwinsOf(twins);
  restore = await furnishClinic(twins, rig.bare.client);
});

afterEach(() => {
  expect(rig.wire.text()).not.toContain(SENTINEL);
  rig.wire.clear();
});

afterAll(async () => {
  await rig.close();
});

describe('docs/operations.md', () => {
  it('has examples for every table', () => {
    expect(TABLES.map(tableOf)).toEqual(PAGE.filter(({ heading }) => heading !== PROVEN_ELSEWHERE));
  });
});

interface Case {
  readonly says: string;
  readonly example: object;
  readonly code: string;
}

describe.each(TABLES.map((table) => [`${table.heading}: ${table.first}`, table] as const))(
  '%s',
  (_, table) => {
    const rows = tableOf(table)?.rows ?? [];

    it('has examples for every row, and no others', () => {
      expect(Object.keys(table.rows).sort()).toEqual(rows.flatMap(({ names }) => names).sort());
    });

    it.each(rows.flatMap(({ names, cells }) => names.map((name) => [name, cells] as const)))(
      '%s has the examples that its cells ask for',
      (name, cells) => {
        const examples = table.rows[name] ?? [];
        const kinds = examples.map(kindsOf);
        expect(kinds).toEqual(
          cells.map((cell, place) => asked(cell, table, kinds[place] ?? kindsOf({}))),
        );
        const own = examples.flatMap((each) => [
          ...(each.answered ?? []),
          ...refusalsOf(each, '').map(([example]) => example),
        ]);
        expect(own.filter((each) => !isNamedIn(each, name))).toEqual([]);
      },
    );

    const answered = casesOf(table, ({ answered: given = [] }) => given.map((each) => [each, '']));
    it.each(answered)('$says gives the answer of the twin: $example', async ({ example }) => {
      for (const [way, take] of Object.entries(table.ways)) {
        rig.wire.clear();
        const outcome = await expectSame(twins, (model) => take(model, freshCopy(example)));
        expect([way, outcome]).not.toEqual([way, { error: expect.anything() as unknown }]);
        if (!hasWritten()) continue;
        await expectSameStored(rig, twins);
        await expectSameStored(rig, accountTwins);
        await expectOwnKeys(rig);
        await restore();
      }
    });

    const refused = casesOf(table, refusalsOf);
    it.each(refused)('$says is refused with $code: $example', async ({ example, code }) => {
      const errors: unknown[] = [];
      for (const [way, take] of Object.entries(table.ways)) {
        const error = await refusedWith((model) => take(model, freshCopy(example)));
        errors.push([way, error === BY_MONGOOSE ? BY_MONGOOSE : code]);
        expect([way, error]).toEqual(errors.at(-1));
      }
      expect(errors).toContainEqual([expect.anything(), code]);
    });
  },
);

/** The commands that change nothing; an aggregate may. */
const READS: ReadonlySet<string> = new Set(['find', 'count', 'distinct', 'getMore', 'killCursors']);

function hasWritten(): boolean {
  return rig.wire.commands.some(
    ({ commandName, command }) =>
      !READS.has(commandName) &&
      !(commandName === 'aggregate' && !/\$out|\$merge\b/.test(visibleText(command))),
  );
}

const BY_MONGOOSE = 'by Mongoose, as the twin is';

/** The code that `attempt` is refused with: nothing is sent, and nothing changes. */
async function refusedWith(attempt: (model: ClinicModel) => unknown): Promise<unknown> {
  const before = [await rig.raw('patients'), await rig.raw('accounts')];
  rig.wire.clear();
  const error = await errorOf(attempt, twins.encrypted);
  expect(rig.wire.names()).toEqual([]);
  expect([await rig.raw('patients'), await rig.raw('accounts')]).toEqual(before);
  if (isFleError(error)) return error.code;
  const { name, message } = error as Error;
  const expected = (await errorOf(attempt, twins.plain)) as Error;
  expect([name, message]).toEqual([expected.name, expected.message]);
  return BY_MONGOOSE;
}

async function errorOf(
  attempt: (model: ClinicModel) => unknown,
  model: ClinicModel,
): Promise<unknown> {
  try {
    await attempt(model);
  } catch (error) {
    return error;
  }
  throw new Error('It was not refused');
}

function casesOf(
  table: OperationsTable<object>,
  select: (
    examples: Examples<object>,
    code: string,
  ) => readonly (readonly [example: object, code: string])[],
): Case[] {
  return (tableOf(table)?.rows ?? []).flatMap(({ names, cells }) =>
    names.flatMap((name) =>
      (table.rows[name] ?? []).flatMap((examples, place) => {
        const code = onlyCodeOf(cells[place] ?? '') ?? table.code;
        const says = [name, table.columns[place]].filter(Boolean).join(', ');
        return select(examples, code).map((each) => ({ says, example: each[0], code: each[1] }));
      }),
    ),
  );
}

function refusalsOf(
  { refused = [], refusedAs = {} }: Examples<object>,
  code: string,
): (readonly [object, string])[] {
  const others = Object.entries(refusedAs).flatMap(([other, examples]) =>
    examples.map((example) => [example, other] as const),
  );
  return [...refused.map((example) => [example, code] as const), ...others];
}

interface Kinds {
  readonly answered: boolean;
  readonly refused: boolean;
}

function kindsOf(examples: Examples<object>): Kinds {
  return {
    answered: (examples.answered ?? []).length > 0,
    refused: refusalsOf(examples, '').length > 0,
  };
}

/** What a cell asks for: a promise of an answer may have refusals, for what is no operand at all. */
function asked(cell: string, { plain }: OperationsTable<object>, { refused }: Kinds): Kinds {
  if (onlyCodeOf(cell) !== undefined) return { answered: false, refused: true };
  return { answered: true, refused: refused || !plain.some((word) => cell.startsWith(word)) };
}

/** Whether an example is of the row it stands in: a function calls what it is named after. Words name no call. */
function isNamedIn(example: object, name: string): boolean {
  const text = typeof example === 'function' ? example.toString() : visibleText(example);
  const isCode = /^\S+(: \S+)?$/.test(name);
  const names = isCode ? name.split(': ') : [];
  return names.every((each) => text.includes(each));
}
