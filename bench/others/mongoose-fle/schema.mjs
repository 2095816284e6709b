import { randomBytes } from 'node:crypto';

/** This package: AES-256-CBC and HMAC-SHA-512, a value at a time; the first two fields are Deterministic. */
export function buildSchema(require, mongoose, fields) {
  const { fieldEncryption } = require('../../dist/src/index.js');
  const { algorithmOf } = require('../../dist/bench/workload.js');
  const fle = fieldEncryption({
    kmsProviders: { local: { key: randomBytes(96) } },
    keyVaultNamespace: `${mongoose.connection.name}.__keyVault`,
  });
  const texts = fields.map((field) => [
    field,
    { type: String, encrypted: { algorithm: algorithmOf(field), keyAltName: 'bench' } },
  ]);
  const schema = new mongoose.Schema({ name: String, ...Object.fromEntries(texts) });
  schema.plugin(fle);
  return schema;
}
