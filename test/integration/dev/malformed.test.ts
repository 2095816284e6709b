import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { mongo } from 'mongoose';

import { databaseFeatures, databaseUri, freshDatabaseName } from '../../support/database';

const name = freshDatabaseName('malformed');
const onlyGateway = databaseFeatures().gateway ? describe : describe.skip;
const { BSON } = mongo;

let client: mongo.MongoClient;

beforeAll(async () => {
  client = await mongo.MongoClient.connect(databaseUri(name));
});

afterAll(async () => {
  await client.close();
});

async function openSocket(): Promise<Socket> {
  const { hostname, port } = new URL(databaseUri(name));
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** A message of operation code 2013 (OP_MSG), or of another. */
function message(sections: Uint8Array, { opCode = 2013, flags = 0, length = 0 } = {}): Buffer {
  const head = Buffer.alloc(20);
  head.writeInt32LE(length || 20 + sections.length, 0);
  head.writeInt32LE(7, 4);
  head.writeInt32LE(opCode, 12);
  head.writeUInt32LE(flags, 16);
  return Buffer.concat([head, sections]);
}

const body = (document: object): Buffer =>
  Buffer.concat([Buffer.from([0]), BSON.serialize(document)]);
const PING = body({ ping: 1, $db: 'admin' });

function sequence(documents: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32LE(4 + 'documents\0'.length + documents.length);
  return Buffer.concat([Buffer.from([1]), size, Buffer.from('documents\0'), documents]);
}

onlyGateway('gateway: what is not the wire protocol', () => {
  it.each<[string, Buffer]>([
    ['a length below that of a header', Buffer.from('0f000000000000000000000000000000', 'hex')],
    ['a negative length', message(PING, { length: -1 })],
    ['a length above the limit', message(PING, { length: 48_000_001 })],
    ['an unknown operation code', message(PING, { opCode: 2004_5 })],
    ['a compressed message', message(PING, { opCode: 2012 })],
    ['an unknown required flag', message(PING, { flags: 4 })],
    ['no section', message(Buffer.alloc(0))],
    ['an unknown section kind', message(Buffer.concat([Buffer.from([9]), PING.subarray(1)]))],
    ['two bodies', message(Buffer.concat([PING, PING]))],
    ['a body longer than the message', message(Buffer.from('00ff00000000', 'hex'))],
    ['garbage for a body', message(Buffer.from('000a000000ffffffffff00', 'hex'))],
    [
      'garbage in a document sequence',
      message(Buffer.concat([PING, sequence(Buffer.from([9, 9, 9]))])),
    ],
    [
      'a query that is no greeting',
      message(Buffer.concat([Buffer.from('a.b\0'), Buffer.alloc(8), BSON.serialize({ find: 1 })]), {
        opCode: 2004,
      }),
    ],
    ['text', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ])('closes the connection on %s, and no other', async (_, bytes) => {
    const bystander = await openSocket();
    const socket = await openSocket();
    const closed = once(socket, 'close');
    socket.write(bytes);
    await closed;

    bystander.write(message(PING));
    const [reply] = (await once(bystander, 'data')) as [Buffer];
    bystander.destroy();
    expect(BSON.deserialize(reply.subarray(21))).toMatchObject({ ok: 1 });
    await expect(client.db('admin').command({ ping: 1 })).resolves.toMatchObject({ ok: 1 });
  });

  it('understands a message that arrives byte by byte, and two that arrive at once', async () => {
    const socket = await openSocket();
    for (const byte of message(PING)) socket.write(Buffer.from([byte]));
    socket.write(Buffer.concat([message(PING), message(PING)]));

    let received = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 3 * received.readInt32LE(0)) break;
    }
    expect(received).toHaveLength(3 * received.readInt32LE(0));
  });

  it('does not answer a message that asks for no answer', async () => {
    const socket = await openSocket();
    socket.write(message(body({ ping: 1, comment: 'first', $db: 'admin' }), { flags: 2 }));
    const second = message(PING);
    second.writeInt32LE(99, 4);
    socket.write(second);

    const [reply] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(reply.readInt32LE(8)).toBe(99);
  });

  it('answers garbage deeper inside with an error, and keeps the connection', async () => {
    const inner = Buffer.from('0c000000ff610000000000', 'hex');
    const documents = Buffer.from(BSON.serialize({ a: new BSON.Binary(inner) }));
    documents.writeUInt8(3, 4); // The binary value now claims to be a document.
    const socket = await openSocket();
    const insert = body({ insert: 'items', $db: name });
    socket.write(message(Buffer.concat([insert, sequence(documents)])));

    const [reply] = (await once(socket, 'data')) as [Buffer];
    expect(BSON.deserialize(reply.subarray(21))).toMatchObject({
      n: 0,
      writeErrors: [{ code: 2 }],
    });
    socket.write(message(PING));
    await once(socket, 'data');
    socket.destroy();
  });

  it('answers a message without a database with an error', async () => {
    const socket = await openSocket();
    socket.write(message(body({ ping: 1 })));

    const [reply] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(BSON.deserialize(reply.subarray(21))).toMatchObject({ ok: 0, code: 2 });
  });
});
