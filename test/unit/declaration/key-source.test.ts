import { keySourceFault, namesOfPointer, sameKeySource } from '../../../src/declaration/key-source';

const POINTER = 'pointer is not a JSON Pointer to a path, such as "/tenantId".';
const NO_PATH = 'pointer leads to what cannot be a path of a schema.';

describe('how a key is named', () => {
  it.each<[unknown, string | undefined]>([
    ['patients', undefined],
    ['', 'keyAltName is empty.'],
    [undefined, 'keyAltName is not a string.'],
    [['a'], 'keyAltName is not a string.'],
    [() => 'a', undefined],
    [{ pointer: '/tenantId', prefix: 'tenant:' }, undefined],
    [{ pointer: '/owner/id', prefix: 'owner:' }, undefined],
    [{ pointer: '/a~0b', prefix: 'a:' }, undefined],
    [{ pointer: '/a' }, 'prefix is not a string.'],
    [{ pointer: '/a', prefix: '' }, 'prefix is empty.'],
    [{ pointer: '/a', prefix: 'a\0' }, 'prefix holds a NUL character.'],
    [{ prefix: 'a:' }, POINTER],
    [{ pointer: '', prefix: 'a:' }, POINTER],
    [{ pointer: 'tenantId', prefix: 'a:' }, POINTER],
    [{ pointer: '__proto__', prefix: 'a:' }, POINTER],
    [{ pointer: '../tenantId', prefix: 'a:' }, POINTER],
    [{ pointer: '/', prefix: 'a:' }, POINTER],
    [{ pointer: '/a//b', prefix: 'a:' }, POINTER],
    [{ pointer: '/a~2', prefix: 'a:' }, POINTER],
    [{ pointer: 7, prefix: 'a:' }, POINTER],
    [{ pointer: '/__proto__', prefix: 'a:' }, NO_PATH],
    [{ pointer: '/constructor/name', prefix: 'a:' }, NO_PATH],
    [{ pointer: '/a.b', prefix: 'a:' }, NO_PATH],
    [{ pointer: '/$where', prefix: 'a:' }, NO_PATH],
    [{ pointer: '/list/0', prefix: 'a:' }, NO_PATH],
    [{ pointer: '/a', prefix: 'a:', path: 'b' }, 'keyAltName has no option "path".'],
  ])('%j: %s', (source, fault) => {
    expect(keySourceFault(source)).toBe(fault);
  });

  it('reads the names of a JSON Pointer', () => {
    expect(namesOfPointer('/owner/a~1b~01')).toEqual(['owner', 'a/b~1']);
  });

  it('takes equal pointers for the same, and functions by themselves', () => {
    const name = (): string => 'a';
    const pointer = { pointer: '/a', prefix: 'a:' };
    expect(sameKeySource(pointer, { ...pointer })).toBe(true);
    expect(sameKeySource(pointer, { ...pointer, prefix: 'b:' })).toBe(false);
    expect(sameKeySource(name, name)).toBe(true);
    expect(sameKeySource(name, () => 'a')).toBe(false);
  });
});
