import { mongo } from 'mongoose';
import {
  keyNameOf,
  openOurTenants,
  openPlainTenants,
  type TenantContender,
  type TenantOptions,
  VAULT,
} from '../contenders/tenant-contenders';
import { openTenantsByHand } from '../contenders/tenants-by-hand';
import { type Contender, measure, type Rounds } from '../measure';
import type { CaseFigures, Place, Suite } from '../suite';
import { people, type Person } from '../workload';
import { roundsOf, sayAbsent } from './models';

const TENANTS = 1000;
const DOCUMENTS = 2000;
const FIELDS = 5;
const SEARCHES = 100;
const COLLECTIONS = ['tenantsPlain', 'tenantsOurs', 'tenantsByHand'];
const WARM: Rounds = { warming: 2, timed: 9 };
/** By hand each key takes a look-up of its own: a few rounds take long enough. */
const COLD: Rounds = { warming: 1, timed: 5 };

type Run = (contender: TenantContender) => Promise<unknown>;
type Before = (contender: TenantContender) => Promise<void>;

interface Work {
  readonly name: string;
  readonly run: Run;
  readonly before?: Before;
  /** Whether it is done once more with keys that are not in memory. */
  readonly alsoCold?: boolean;
}

/** A data key for each of 1,000 tenants: keys in memory, and keys that have to be looked up. */
export const tenants: Suite = {
  name: 'tenants',
  run: async (place) => {
    const names = Array.from({ length: place.quick ? 100 : TENANTS }, (_, index) => `t${index}`);
    const everybody = peopleOf(names, place.quick ? 200 : DOCUMENTS);
    const contenders = await openTenantContenders(await prepare(place, names));
    const cases: CaseFigures[] = [];
    const notes: string[] = [];
    for (const work of [...bulkWorks(everybody), ...searches(everybody, names)]) {
      const timings = await measure(worksOf(contenders, work), roundsOf(place, WARM));
      cases.push({ name: work.name, per: 1, timings });
      if (work.alsoCold !== true) continue;
      const cold = await measureCold(contenders, work, place);
      cases.push(cold.figures);
      notes.push(cold.note);
    }
    for (const { close } of contenders) await close();
    const title = `${everybody.length} documents of ${FIELDS} encrypted fields, under ${names.length} data keys`;
    return { name: 'tenants', title, unit: 'ms', scale: 1, cases, notes };
  },
};

function bulkWorks(everybody: readonly Person[]): Work[] {
  return [
    {
      name: `insertMany of ${everybody.length}`,
      run: ({ insertMany }) => insertMany(everybody),
      before: ({ clear }) => clear(),
      alsoCold: true,
    },
    { name: 'find().lean()', run: ({ findLean }) => findLean(), alsoCold: true },
    { name: 'find(), hydrated', run: ({ findHydrated }) => findHydrated(), alsoCold: true },
  ];
}

function searches(everybody: readonly Person[], names: readonly string[]): Work[] {
  const [first = {}] = everybody;
  const { ssn = '', tenantId = '' } = first;
  const ofOne = Array.from({ length: SEARCHES }, () => first);
  const ofMany = everybody.slice(0, SEARCHES);
  const several = names.slice(0, SEARCHES);
  return [
    { name: `${SEARCHES} searches in one tenant`, run: ({ searchEach }) => searchEach(ofOne) },
    {
      name: `${SEARCHES} searches, each in another tenant`,
      run: ({ searchEach }) => searchEach(ofMany),
    },
    { name: 'one search in one tenant', run: ({ searchIn }) => searchIn(ssn, [tenantId]) },
    {
      name: `one search in ${several.length} tenants`,
      run: ({ searchIn }) => searchIn(ssn, several),
    },
  ];
}

/** The figures of `work` with keys that are not in memory, and how many look-ups it took. */
async function measureCold(
  contenders: readonly TenantContender[],
  work: Work,
  place: Place,
): Promise<{ figures: CaseFigures; note: string }> {
  const counts = new Map<string, number>();
  const works = worksOf(
    contenders.filter(({ forgetKeys }) => forgetKeys !== undefined),
    {
      before: async (contender) => {
        await work.before?.(contender);
        await contender.forgetKeys?.();
      },
      run: async (contender) => {
        const counted = contender.lookUps();
        const result = await work.run(contender);
        counts.set(contender.name, contender.lookUps() - counted);
        return result;
      },
    },
  );
  const name = `${work.name}, keys not in memory`;
  const timings = await measure(works, roundsOf(place, COLD));
  const told = Array.from(counts, ([who, count]) => `${who} ${count}`).join(', ');
  return {
    figures: { name, per: 1, timings },
    note: `Look-ups in the key vault for ${name}: ${told}.`,
  };
}

function worksOf(
  contenders: readonly TenantContender[],
  { run, before }: Pick<Work, 'run' | 'before'>,
): Contender[] {
  return contenders.map((contender) => ({
    name: contender.name,
    run: () => run(contender),
    before: before && (() => before(contender)),
  }));
}

/** Documents of all tenants, those of one far apart. */
function peopleOf(names: readonly string[], count: number): Person[] {
  return people(count, FIELDS).map((person, index) => ({
    ...person,
    tenantId: names[index % names.length] ?? '',
  }));
}

async function openTenantContenders(options: TenantOptions): Promise<TenantContender[]> {
  const opened = [await openPlainTenants(options), await openOurTenants(options)];
  try {
    opened.push(await openTenantsByHand(options));
  } catch (error) {
    sayAbsent('ClientEncryption by hand', error);
  }
  return opened;
}

/** A data key for each name, under the unique index that a key vault should have; and indexes to search by. */
async function prepare(place: Place, names: readonly string[]): Promise<TenantOptions> {
  const keyVaultNamespace = `${place.dbName}.${VAULT}`;
  const { connection, masterKey } = place;
  const partialFilterExpression = { keyAltNames: { $exists: true } };
  await connection
    .collection(VAULT)
    .createIndex({ keyAltNames: 1 }, { unique: true, partialFilterExpression }, {});
  const clientEncryption = new mongo.ClientEncryption(connection.getClient(), {
    keyVaultNamespace,
    kmsProviders: { local: { key: masterKey } },
  });
  for (const name of names) {
    await clientEncryption.createDataKey('local', { keyAltNames: [keyNameOf(name)] });
  }
  for (const collection of COLLECTIONS) {
    await connection.collection(collection).createIndex({ tenantId: 1, ssn: 1 }, {}, {});
  }
  return { place, fields: FIELDS, keyVaultNamespace };
}
