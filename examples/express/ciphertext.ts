import { mongo } from 'mongoose';

/** What can be told of a ciphertext without its key. */
export interface CiphertextView {
  readonly algorithm: 'Deterministic' | 'Random';
  /** The identifier of its data key, as UUID text. */
  readonly keyId: string;
  readonly bytes: number;
  /** The first and the last characters of its base64 form. */
  readonly base64: string;
}

export function isCiphertext(value: unknown): value is mongo.Binary {
  return value instanceof mongo.Binary && value.sub_type === mongo.Binary.SUBTYPE_ENCRYPTED;
}

/** Reads the head of a ciphertext: byte 0 is the algorithm, bytes 1 to 16 are the identifier of the data key. */
export function describeCiphertext({ buffer }: mongo.Binary): CiphertextView {
  const base64 = Buffer.from(buffer).toString('base64');
  return {
    algorithm: buffer[0] === 1 ? 'Deterministic' : 'Random',
    keyId: new mongo.UUID(buffer.subarray(1, 17)).toString(),
    bytes: buffer.length,
    base64: `${base64.slice(0, 10)}…${base64.slice(-8)}`,
  };
}
