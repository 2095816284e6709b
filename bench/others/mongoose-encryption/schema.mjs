import { randomBytes } from 'node:crypto';

/** AES-256-CBC and HMAC-SHA-512, over all fields of a document at once. */
export function buildSchema(require, mongoose, fields) {
  const texts = Object.fromEntries(fields.map((field) => [field, String]));
  const schema = new mongoose.Schema({ name: String, ...texts });
  schema.plugin(require('mongoose-encryption'), {
    encryptionKey: randomBytes(32).toString('base64'),
    signingKey: randomBytes(64).toString('base64'),
    encryptedFields: fields,
  });
  return schema;
}
