import * as bson from 'bson';
import { decryptExplained } from '../../../src/codec/decrypt-explained';
import { fillSlots } from '../../../src/codec/fill-slots';
import { arrayNode, collectorOf, decryptScope, ENCODE, node, objectNode } from './fixture';
import { MemoryCipher } from './memory-cipher';

const ROOT = objectNode({
  ssn: node({ path: 'ssn' }),
  age: node({ path: 'age', type: 'Number' }),
  contacts: arrayNode(objectNode({ phone: node({ path: 'contacts.phone' }) })),
});

async function stored(): Promise<Record<string, unknown>> {
  const collector = collectorOf();
  const copy = collector.copyObject({ ssn: 'a', age: 5, contacts: [{ phone: 'b' }] }, ROOT);
  const cipher = new MemoryCipher(['k']);
  await fillSlots(collector.slots, { cipher, purpose: 'write', scope: ENCODE });
  return copy;
}

describe('what the database explained', () => {
  it('tells the values of the filter, wherever it stands', async () => {
    const { ssn, age, contacts } = await stored();
    const [{ phone } = { phone: undefined }] = contacts as { phone: unknown }[];
    const explained = {
      queryPlanner: {
        parsedQuery: {
          $and: [{ ssn: { $eq: ssn } }, { age: { $in: [age, null] } }],
          'contacts.phone': { $not: { $eq: phone } },
          contacts: { $elemMatch: { phone } },
        },
        winningPlan: {
          stage: 'IXSCAN',
          indexBounds: { ssn: ['[BinData(6, 01), BinData(6, 01)]'] },
        },
      },
      command: { find: 'x', filter: { ssn }, at: new Date(1) },
    };
    const before = structuredClone(Object.keys(explained));
    expect(await decryptExplained(explained, ROOT, decryptScope())).toEqual({
      queryPlanner: {
        parsedQuery: {
          $and: [{ ssn: { $eq: 'a' } }, { age: { $in: [5, null] } }],
          'contacts.phone': { $not: { $eq: 'b' } },
          contacts: { $elemMatch: { phone: 'b' } },
        },
        winningPlan: {
          stage: 'IXSCAN',
          indexBounds: { ssn: ['[BinData(6, 01), BinData(6, 01)]'] },
        },
      },
      command: { find: 'x', filter: { ssn: 'a' }, at: new Date(1) },
    });
    expect(Object.keys(explained)).toEqual(before);
    expect(explained.command.filter.ssn).toBe(ssn);
  });

  it('keeps what is no ciphertext, and what stands on no declared path', async () => {
    const { ssn } = await stored();
    const nothing = new bson.Binary(Buffer.of(1), 6);
    const explained = { filter: { ssn: nothing, name: ssn } };
    expect(await decryptExplained(explained, ROOT, decryptScope())).toEqual(explained);
  });
});
