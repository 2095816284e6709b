/** AES-256-CBC without authentication, a value at a time. */
export function buildSchema(require, mongoose, fields) {
  const { fieldEncryption } = require('mongoose-field-encryption');
  const texts = Object.fromEntries(fields.map((field) => [field, String]));
  const schema = new mongoose.Schema({ name: String, ...texts });
  schema.plugin(fieldEncryption, { fields, secret: 'a secret of the benchmark' });
  return schema;
}
