/** A field of a KMIP message: its tag, its type, and its bytes or its fields. Source: KMIP 1.0, section 9.1. */
export interface Field {
  readonly tag: number;
  readonly type: number;
  readonly bytes: Buffer;
  readonly fields: readonly Field[];
}

const STRUCTURE = 1;
const INTEGER = 2;
const ENUMERATION = 5;
const TEXT = 7;
const BYTES = 8;
const HEAD = 8;

/** The fields of a message, or of a structure. */
export function parseFields(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at + HEAD <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 4);
    const type = bytes.readUInt8(at + 3);
    const inner = bytes.subarray(at + HEAD, at + HEAD + length);
    const nested = type === STRUCTURE ? parseFields(inner) : [];
    fields.push({ tag: bytes.readUIntBE(at, 3), type, bytes: inner, fields: nested });
    at += HEAD + padded(length);
  }
  return fields;
}

/** The field that the tags lead to, each inside the one before. */
export function fieldAt(fields: readonly Field[], ...tags: readonly number[]): Field | undefined {
  const [tag, ...rest] = tags;
  const found = fields.find((field) => field.tag === tag);
  return found === undefined || rest.length === 0 ? found : fieldAt(found.fields, ...rest);
}

export const structure = (tag: number, ...fields: readonly Buffer[]): Buffer =>
  field(tag, STRUCTURE, Buffer.concat(fields));
export const integer = (tag: number, value: number): Buffer => field(tag, INTEGER, int32(value));
export const enumeration = (tag: number, value: number): Buffer =>
  field(tag, ENUMERATION, int32(value));
export const text = (tag: number, value: string): Buffer => field(tag, TEXT, Buffer.from(value));
export const bytes = (tag: number, value: Buffer): Buffer => field(tag, BYTES, value);

function field(tag: number, type: number, value: Buffer): Buffer {
  const written = Buffer.alloc(HEAD + padded(value.length));
  written.writeUIntBE(tag, 0, 3);
  written.writeUInt8(type, 3);
  written.writeUInt32BE(value.length, 4);
  value.copy(written, HEAD);
  return written;
}

function int32(value: number): Buffer {
  const written = Buffer.alloc(4);
  written.writeInt32BE(value);
  return written;
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
