import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const PREFIX = 'encrypted:';
const key = randomBytes(32);

/** It brings no cryptography of its own: AES-256-GCM here, a value at a time. */
export function buildSchema(require, mongoose, fields) {
  require('reflect-metadata');
  const { EncryptedString, mongooseFieldEncryption } = require('mongoose-encrypt-fields');
  const texts = Object.fromEntries(fields.map((field) => [field, EncryptedString]));
  const schema = new mongoose.Schema({ name: String, ...texts });
  schema.plugin(mongooseFieldEncryption, {
    encrypt,
    decrypt,
    isEncrypted: (text) => typeof text === 'string' && text.startsWith(PREFIX),
  });
  return schema;
}

function encrypt(text) {
  const vector = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, vector);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return PREFIX + Buffer.concat([vector, cipher.getAuthTag(), body]).toString('base64');
}

function decrypt(text) {
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
}
