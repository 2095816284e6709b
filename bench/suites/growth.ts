import { measure, type Rounds } from '../measure';
import type { CaseFigures, Place, Suite, SuiteFigures } from '../suite';
import { people } from '../workload';
import { closeAll, contendersFor, fill, openContenders, roundsOf } from './models';

const FIELD_COUNTS = [1, 5, 10, 20, 50];
const DOCUMENTS_OF_FIELDS = 500;
const DOCUMENT_COUNTS = [1, 10, 100, 1000, 10_000, 100_000];
const FIELDS_OF_DOCUMENTS = 1;
/** So many documents a round, where reading a few is repeated; but it is not repeated more often than this. */
const DOCUMENTS_A_ROUND = 1000;
const MAX_REPEATS = 100;
const ROUNDS: Rounds = { warming: 2, timed: 9 };
/** A round of many documents takes long, and varies little. */
const LONG_ROUNDS: Rounds = { warming: 1, timed: 3 };

/** How the cost of `find().lean()` grows with the encrypted fields of a document. */
export const growthInFields: Suite = {
  name: 'growth-fields',
  run: async (place) => {
    const cases: CaseFigures[] = [];
    for (const fields of place.quick ? FIELD_COUNTS.slice(0, 2) : FIELD_COUNTS) {
      cases.push(await readCase(place, { documents: DOCUMENTS_OF_FIELDS, fields, x: fields }));
    }
    return grown('growth-fields', `find().lean() of ${DOCUMENTS_OF_FIELDS} documents`, cases);
  },
};

/** How the cost of `find().lean()` grows with the documents. */
export const growthInDocuments: Suite = {
  name: 'growth-documents',
  run: async (place) => {
    const cases: CaseFigures[] = [];
    for (const documents of place.quick ? DOCUMENT_COUNTS.slice(0, 3) : DOCUMENT_COUNTS) {
      const size = { documents, fields: FIELDS_OF_DOCUMENTS, x: documents };
      cases.push(await readCase(place, size));
    }
    return grown('growth-documents', 'find().lean() of documents with one encrypted field', cases);
  },
};

interface Size {
  readonly documents: number;
  readonly fields: number;
  readonly x: number;
}

async function readCase(place: Place, { documents, fields, x }: Size): Promise<CaseFigures> {
  const contenders = await openContenders(place, fields);
  await fill(contenders, people(documents, fields));
  const wanted = Math.max(1, Math.floor(DOCUMENTS_A_ROUND / documents));
  const repeats = Math.min(wanted, MAX_REPEATS);
  const works = contendersFor(contenders, ({ findLean }) => async () => {
    let read: readonly unknown[] = [];
    for (let again = 0; again < repeats; again += 1) read = await findLean();
    return read;
  });
  const rounds = documents >= 10_000 ? LONG_ROUNDS : ROUNDS;
  const timings = await measure(works, roundsOf(place, rounds));
  await closeAll(contenders);
  return { name: String(x), per: repeats, timings, x };
}

function grown(name: string, title: string, cases: readonly CaseFigures[]): SuiteFigures {
  return { name, title, unit: 'ms', scale: 1, cases };
}
