import { mongo } from 'mongoose';
import {
  keyNameOf,
  openOurTenants,
  openPlainTenants,
  openTenantsByHand,
  type TenantContender,
  type TenantOptions,
  VAULT,
} from '../contenders/tenant-contenders';
import { type Contender, measure } from '../measure';
import type { CaseFigures, Place, Suite } from '../suite';
import { people, type Person } from '../workload';
import { roundsOf, sayAbsent } from './models';

const TENANTS = 1000;
const DOCUMENTS = 2000;
const FIELDS = 5;
const SEARCHES = 100;
const COLLECTIONS = ['tenantsPlain', 'tenantsOurs', 'tenantsByHand'];
/** Each value of the first look-up by hand of a cold key waits for the database: a few rounds take long enough. */
const ROUNDS = { warm: { warming: 3, timed: 11 }, cold: { warming: 1, timed: 5 } };

type Run = (contender: TenantContender) => Promise<unknown>;

/** A data key for each of 1,000 tenants: keys in memory, and keys that have to be looked up. */
export const tenants: Suite = {
  name: 'tenants',
  run: async (place) => {
    const names = Array.from({ length: place.quick ? 100 : TENANTS }, (_, index) => `t${index}`);
    const everybody = peopleOf(names, place.quick ? 200 : DOCUMENTS);
    const options = await prepare(place, names);
    const contenders = await openTenantContenders(options);
    const [first = ''] = names;
    const cases: CaseFigures[] = [];
    const notes: string[] = [];
    const time = async (name: string, works: readonly Contender[], isCold: boolean) => {
      const rounds = roundsOf(place, ROUNDS[isCold ? 'cold' : 'warm']);
      cases.push({ name, per: 1, timings: await measure(works, rounds) });
    };
    const insert: Run = ({ insertMany }) => insertMany(everybody);
    await time(`insertMany of ${everybody.length}`, worksOf(contenders, insert, clearOf), false);
    await timeCold('insertMany', insert, clearOf);
    await time(
      'find().lean()',
      worksOf(contenders, ({ findLean }) => findLean()),
      false,
    );
    await timeCold('find().lean()', ({ findLean }) => findLean());
    await time(
      'find(), hydrated',
      worksOf(contenders, (each) => each.findHydrated()),
      false,
    );
    await timeCold('find(), hydrated', ({ findHydrated }) => findHydrated());
    const ofOne = Array.from({ length: SEARCHES }, () => everybody[0] ?? {});
    const ofMany = everybody.slice(0, SEARCHES);
    for (const [name, run] of [
      [`${SEARCHES} searches in one tenant`, (each) => each.searchEach(ofOne)],
      [`${ofMany.length} searches, each in another tenant`, (each) => each.searchEach(ofMany)],
      ['one search in one tenant', (each) => each.searchIn(ofOne[0]?.['ssn'] ?? '', [first])],
      [
        `one search in ${names.length} tenants`,
        (each) => each.searchIn(ofOne[0]?.['ssn'] ?? '', names),
      ],
    ] as [string, Run][]) {
      await time(name, worksOf(contenders, run), false);
    }
    for (const { close } of contenders) await close();
    const title = `${everybody.length} documents of ${FIELDS} encrypted fields, under ${names.length} data keys`;
    return { name: 'tenants', title, unit: 'ms', scale: 1, cases, notes };

    async function timeCold(name: string, run: Run, before?: Before): Promise<void> {
      const counts = new Map<string, number>();
      const works = worksOf(
        contenders.filter(({ forgetKeys }) => forgetKeys !== undefined),
        async (contender) => {
          const counted = contender.lookUps();
          const result = await run(contender);
          counts.set(contender.name, contender.lookUps() - counted);
          return result;
        },
        async (contender) => {
          await before?.(contender);
          await contender.forgetKeys?.();
        },
      );
      await time(`${name}, keys not in memory`, works, true);
      const told = Array.from(counts, ([who, count]) => `${who} ${count}`).join(', ');
      notes.push(`Look-ups in the key vault, ${name} with keys not in memory: ${told}.`);
    }
  },
};

type Before = (contender: TenantContender) => Promise<void>;

const clearOf: Before = ({ clear }) => clear();

function worksOf(contenders: readonly TenantContender[], run: Run, before?: Before): Contender[] {
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
