import { isWhollySelected, type Selection } from '../../../src/mongoose/selection';

describe('a document that was read without a projection', () => {
  it.each([null, undefined, {}])('holds all of a path (%j)', (selection) => {
    expect(isWhollySelected('address', selection)).toBe(true);
  });
});

describe('a document holds all of', () => {
  it.each<readonly [string, Selection]>([
    ['address', { address: 1 }],
    ['address', { address: true, __v: 1 }],
    ['address', { name: 1, address: 1, _id: 0 }],
    ['homes.0.address', { homes: 1 }],
    ['homes.0.address', { 'homes.address': 1 }],
    ['homes.12.rooms.3.size', { 'homes.rooms': 1 }],
    ['address', { name: 0 }],
    ['address', { addresses: 0 }],
    ['address', { 'name.first': 0, 'homes.address': 0 }],
    ['address', { _id: 0 }],
    ['address', { '+address': 1 }],
    ['address', { '+name': 1 }],
    ['address', { name: { $slice: 1 } }],
    ['address', { name: { $elemMatch: { a: 1 } } }],
    ['items', { 'notes.$': 1, items: 1 }],
  ])('%s, read with %j', (path, selection) => {
    expect(isWhollySelected(path, selection)).toBe(true);
  });
});

describe('a document does not hold all of', () => {
  it.each<readonly [string, Selection]>([
    ['address', { name: 1 }],
    ['address', { name: true, __v: 1 }],
    ['address', { _id: 1, name: 1 }],
    ['address', { address: 0 }],
    ['address', { address: false }],
    ['address', { addresses: 1 }],
    ['address', { 'address.city': 1 }],
    ['address', { 'address.city': 0 }],
    ['homes.0.address', { homes: 0 }],
    ['homes.0.address', { 'homes.name': 1 }],
    ['homes.0.address', { 'homes.address': 0 }],
    ['homes.0.address', { 'homes.address.city': 1 }],
    ['items', { 'items.phone': 1, __v: 1 }],
    ['items', { 'items.remark': 0 }],
    ['notes', { notes: { $slice: 2 } }],
    ['notes', { notes: { $slice: [1, 2] } }],
    ['notes', { name: 1, notes: { $slice: 2 } }],
    ['items', { items: { $elemMatch: { phone: 1 } } }],
    ['items', { 'items.$': 1 }],
    ['items.0.rooms', { items: { $slice: 1 } }],
    ['items', { 'items.rooms': { $slice: 1 } }],
    ['address', { name: 1, '+pin': 1 }],
  ])('%s, read with %j', (path, selection) => {
    expect(isWhollySelected(path, selection)).toBe(false);
  });
});
