import mongoose, { Schema } from 'mongoose';
import { Algorithm, type AlgorithmName, Encrypted } from '../../src/index';
import { check, type Equals } from './equals';

// Compiled twice: with legacy decorators, and with those of TC39.
class Address {
  street!: string;
}

export class Patient {
  @Encrypted('Deterministic', 'patients') ssn!: string;
  @Encrypted('Random', 'patients') notes?: string[];
  @Encrypted(Algorithm.Deterministic, 'patients') readonly email!: string;
  @Encrypted('AEAD_AES_256_CBC_HMAC_SHA_512-Random', 'patients') phone: string | null = null;
  @Encrypted({ algorithm: 'Random', keyAltName: 'patients', whole: true }) address?: Address;
  @Encrypted({ algorithm: Algorithm.Random, keyAltName: 'patients' }) protected birthDate!: Date;
  @Encrypted({ algorithm: 'Random', keyAltName: 'patients', whole: undefined }) age!: number;
  @Encrypted('Random', { pointer: '/clinicId', prefix: 'clinic:' }) remark!: string;
  @Encrypted('Random', ({ model, document }) => `${model}:${typeof document}`) letter!: string;
  @Encrypted({ algorithm: 'Random', keyAltName: { pointer: '/a', prefix: 'a:' } }) memo!: string;

  // @ts-expect-error no such algorithm
  @Encrypted('Sometimes', 'patients') a!: string;
  // @ts-expect-error the key name is missing
  @Encrypted('Random') b!: string;
  // @ts-expect-error the key name is missing
  @Encrypted({ algorithm: 'Random' }) c!: string;
  // @ts-expect-error no such option
  @Encrypted({ algorithm: 'Random', keyAltName: 'patients', unique: true }) d!: string;
  // @ts-expect-error without a prefix a document could name any key
  @Encrypted('Random', { pointer: '/clinicId' }) g!: string;
  // @ts-expect-error a name is known at once, not later
  @Encrypted('Random', async () => await Promise.resolve('a')) h!: string;
  // @ts-expect-error a key has a name, not a number
  @Encrypted('Random', 7) e!: string;
  // @ts-expect-error the options are complete in themselves
  @Encrypted({ algorithm: 'Random', keyAltName: 'patients' }, 'patients') f!: string;
}

check<Equals<AlgorithmName, 'Deterministic' | 'Random'>>();
check<Equals<(typeof Algorithm)['Random'], 'AEAD_AES_256_CBC_HMAC_SHA_512-Random'>>();
'Random' satisfies Algorithm;
Algorithm.Deterministic satisfies Algorithm;

// The path option, on every kind of path.
const encrypted = { algorithm: 'Random', keyAltName: 'patients' } as const;
const whole = { ...encrypted, whole: true } as const;
const schema = new Schema({
  ssn: { type: String, unique: true, encrypted: { algorithm: 'Deterministic', keyAltName: 'a' } },
  birthDate: { type: Date, required: true, encrypted },
  age: { type: Number, encrypted },
  isActive: { type: Boolean, encrypted },
  photo: { type: Buffer, encrypted },
  balance: { type: Schema.Types.Decimal128, encrypted },
  anything: { type: Schema.Types.Mixed, encrypted: whole },
  tags: { type: [String], encrypted },
  each: [{ type: String, encrypted }],
  map: { type: Map, of: { type: String, encrypted } },
  address: { type: new Schema({ street: String }), encrypted: whole },
  contacts: [{ phone: { type: String, encrypted } }],
  nested: { inner: { type: String, encrypted } },
});
schema.add({ more: { type: String, encrypted } });
schema.path('other', String);

// The option leaves the types of the schema as they are.
type Inferred = mongoose.InferSchemaType<typeof schema>;
check<Equals<Inferred['ssn'], string | null | undefined>>();
check<Equals<Inferred['birthDate'], NativeDate>>();
check<Equals<Inferred['tags'], string[]>>();

new Schema<Patient>({ ssn: { type: String, encrypted }, notes: { type: [String], encrypted } });
new Schema<{ n: number }>({
  // @ts-expect-error the key name is missing
  n: { type: Number, encrypted: { algorithm: 'Random' } },
});
new Schema<{ n: number }>({
  // @ts-expect-error no such algorithm
  n: { type: Number, encrypted: { algorithm: 'random', keyAltName: 'a' } },
});
new Schema<{ n: number }>({
  // @ts-expect-error it takes a declaration
  n: { type: Number, encrypted: true },
});
