import { deserialize, serialize } from 'bson';

import { framesOf } from '../../../dev/gateway/frames';
import { parseRequest, replyTo, WireError } from '../../../dev/gateway/wire-messages';

function frame(opCode: number, rest: Uint8Array): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(16 + rest.length, 0);
  header.writeInt32LE(42, 4);
  header.writeInt32LE(opCode, 12);
  return Buffer.concat([header, rest]);
}

const flags = (bits: number): Buffer => Buffer.from(Uint32Array.of(bits).buffer);
const body = (document: object): Buffer => Buffer.concat([Buffer.from([0]), serialize(document)]);
const COMMAND = { insert: 'items', $db: 'shop' };

function sequence(name: string, ...documents: object[]): Buffer {
  const content = Buffer.concat([
    Buffer.from(`${name}\0`),
    ...documents.map((document) => serialize(document)),
  ]);
  return Buffer.concat([Buffer.from([1]), flags(4 + content.length), content]);
}

const message = (bits: number, ...sections: Buffer[]): Buffer =>
  frame(2013, Buffer.concat([flags(bits), ...sections]));

describe('parseRequest', () => {
  it('reads a body and document sequences, in any order', () => {
    const sections = [sequence('documents', { a: 1 }, { a: 2 }), body(COMMAND), sequence('none')];
    const request = parseRequest(message(0, ...sections));

    expect(request).toMatchObject({ requestId: 42, form: 'message', wantsReply: true });
    expect(deserialize(request.body)).toEqual(COMMAND);
    expect(request.elements.map(({ name }) => name)).toEqual(['insert', '$db']);
    expect([...request.sequences.keys()]).toEqual(['documents', 'none']);
  });

  it('leaves a checksum out, and ignores flags that may be ignored', () => {
    const checked = message(1 | (1 << 16), body(COMMAND), Buffer.from('deadbeef', 'hex'));

    expect(deserialize(parseRequest(checked).body)).toEqual(COMMAND);
  });

  it('sees that no reply is wanted', () => {
    expect(parseRequest(message(2, body(COMMAND))).wantsReply).toBe(false);
  });

  it('reads the first greeting of a driver, and nothing else as OP_QUERY', () => {
    const query = (document: object): Buffer =>
      frame(
        2004,
        Buffer.concat([
          flags(0),
          Buffer.from('admin.$cmd\0'),
          flags(0),
          flags(1),
          serialize(document),
        ]),
      );

    expect(parseRequest(query({ isMaster: 1 }))).toMatchObject({ form: 'query' });
    expect(() => parseRequest(query({ find: 'items' }))).toThrow(WireError);
  });

  it.each<[string, Buffer]>([
    ['an unknown operation code', frame(2006, body(COMMAND))],
    ['no flags', frame(2013, Buffer.alloc(0))],
    ['an unknown required flag', message(8, body(COMMAND))],
    ['no body', message(0, sequence('documents'))],
    ['two bodies', message(0, body(COMMAND), body(COMMAND))],
    ['two sequences of one name', message(0, body(COMMAND), sequence('a'), sequence('a'))],
    [
      'a sequence without the end of its name',
      message(0, body(COMMAND), Buffer.from([1, 6, 0, 0, 0, 65, 65])),
    ],
    ['an unknown section', message(0, body(COMMAND), Buffer.from([2, 5, 0, 0, 0, 0]))],
    ['a section that is cut off', message(0, body(COMMAND).subarray(0, -1))],
    ['a section of negative length', message(0, Buffer.from([0, 255, 255, 255, 255, 0]))],
    ['garbage for a body', message(0, Buffer.from([0, 8, 0, 0, 0, 32, 65, 0, 0]))],
    ['a query without a collection', frame(2004, Buffer.from([0, 0, 0, 0, 65]))],
  ])('refuses a message with %s', (_, bytes) => {
    expect(() => parseRequest(bytes)).toThrow(WireError);
  });

  it('throws nothing but WireError, whichever byte is changed', () => {
    const valid = message(0, body(COMMAND), sequence('documents', { a: 'text' }));
    for (let at = 16; at < valid.length; at += 1) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const changed = Buffer.from(valid);
        changed[at] = value;
        try {
          parseRequest(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }
    }
  });
});

describe('replyTo', () => {
  it('answers in the form of the request, with its number', () => {
    const request = parseRequest(message(0, body(COMMAND)));
    const reply = replyTo(request, serialize({ ok: 1 }));

    expect(reply.readInt32LE(0)).toBe(reply.length);
    expect(reply.readInt32LE(8)).toBe(42);
    expect(reply.readInt32LE(12)).toBe(2013);
    expect(deserialize(reply.subarray(21))).toEqual({ ok: 1 });
  });

  it('answers a greeting with OP_REPLY and one document', () => {
    const request = { ...parseRequest(message(0, body(COMMAND))), form: 'query' as const };
    const reply = replyTo(request, serialize({ ok: 1 }));

    expect([reply.readInt32LE(12), reply.readInt32LE(32)]).toEqual([1, 1]);
    expect(deserialize(reply.subarray(36))).toEqual({ ok: 1 });
  });
});

describe('framesOf', () => {
  async function cut(chunks: Buffer[]): Promise<Buffer[]> {
    const frames: Buffer[] = [];
    // eslint-disable-next-line @typescript-eslint/require-await -- a socket is asynchronous
    async function* stream(): AsyncGenerator<Buffer> {
      yield* chunks;
    }
    for await (const one of framesOf(stream())) frames.push(one);
    return frames;
  }

  const first = message(0, body(COMMAND));
  const second = message(0, body({ ping: 1 }));

  it('gives the same messages however the stream is cut', async () => {
    const bytes = Buffer.concat([first, second]);
    for (const size of [1, 3, 4, 5, 17, first.length, first.length + 2, bytes.length]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      expect(await cut(chunks)).toEqual([first, second]);
    }
  });

  it('drops a message that is not finished when the stream ends', async () => {
    expect(await cut([first, second.subarray(0, -1)])).toEqual([first]);
  });

  it.each([0, 15, -1, 48_000_001, 0x7fffffff])('refuses a length of %d', async (length) => {
    await expect(cut([Buffer.from(Int32Array.of(length).buffer)])).rejects.toThrow(WireError);
  });
});
