import { randomBytes } from 'node:crypto';

/** `ClientEncryption` of an older driver, a value at a time. */
export function buildSchema(require, mongoose, fields) {
  const { EncryptionPlugin } = require('mongoose-plugin-encryptor');
  const texts = Object.fromEntries(
    fields.map((field) => [field, { type: String, encrypted: true }]),
  );
  const schema = new mongoose.Schema({ name: String, ...texts });
  const { dbName } = mongoose.connection;
  const keyVaultNamespace = `${dbName}.__otherVault`;
  schema.plugin(EncryptionPlugin, { secret: randomBytes(96), keyVaultNamespace });
  return schema;
}
