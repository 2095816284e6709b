import type { mongo } from 'mongoose';
import type { Binary, BsonReadOptions } from '../codec/bson';
import { plainTypeOf } from '../codec/ciphertext-fault';
import type { CredentialSource } from './kms/credentials';
import { isKnown, oneCall } from './kms/reliable-encryption';
import { readPromoted } from './read-promoted';

/**
 * The encryption of `source` whose `decrypt` hands values out as the driver's operations do under `options`: the `codec_options` of
 * MongoDB's other drivers.
 *
 * Source: the driver's client_encryption.ts 7.5: `decrypt` reads the output of libmongocrypt, `{ v }`, under no options.
 */
export function decryptUnder(
  options: BsonReadOptions,
  source: CredentialSource,
): mongo.ClientEncryption {
  const { encryption, driver } = source;
  const { prototype } = driver.ClientEncryption;
  const value = async (ciphertext: Binary): Promise<unknown> => {
    let output: Uint8Array | undefined;
    const onOutput = (bytes: Uint8Array): void => {
      output = bytes;
    };
    const executor = isKnown(encryption) ? oneCall(source, { onOutput }) : encryption;
    const decrypted: unknown = await prototype.decrypt.call(executor, ciphertext);
    if (output !== undefined) return readValue(output, options, driver.BSON);
    const type = plainTypeOf(ciphertext.value());
    return readPromoted({ value: decrypted, type }, options, driver.BSON);
  };
  return Object.create(encryption, { decrypt: { value } }) as mongo.ClientEncryption;
}

function readValue(output: Uint8Array, options: BsonReadOptions, bson: typeof mongo.BSON): unknown {
  return (bson.deserialize(output, options as object) as { v: unknown }).v;
}

/** The options under which the operations of `client` read values. */
export function readOptionsOf({ bsonOptions }: mongo.MongoClient): BsonReadOptions {
  const { promoteValues, promoteLongs, promoteBuffers, useBigInt64, bsonRegExp } = bsonOptions;
  return { promoteValues, promoteLongs, promoteBuffers, useBigInt64, bsonRegExp };
}
