/** The configuration that the tests of the command line give to it; what differs comes from the environment. */
import mongoose, { Schema } from 'mongoose';
import { fieldEncryption } from '../../../src/index';

const { CLI_URI = '', CLI_MASTER_KEY, CLI_OTHER_KEY, CLI_CREATE } = process.env;

export const fle = fieldEncryption({
  kmsProviders: {
    local: { key: CLI_MASTER_KEY },
    ...(CLI_OTHER_KEY === undefined ? {} : { 'local:next': { key: CLI_OTHER_KEY } }),
  },
  dataKeys: { '*': { provider: 'local' } },
  keyVaultNamespace: `${new URL(CLI_URI).pathname.slice(1)}.__keyVault`,
  ...(CLI_CREATE === 'false' ? { createMissingKeys: false } : {}),
});

const patientSchema = new Schema({
  ssn: { type: String, encrypted: { algorithm: 'Deterministic', keyAltName: 'patients' } },
  notes: [{ type: String, encrypted: { algorithm: 'Random', keyAltName: 'notes' } }],
});
patientSchema.plugin(fle);

export const connection = mongoose.createConnection(CLI_URI, {
  autoIndex: false,
  serverSelectionTimeoutMS: 1000,
});
connection.model('Patient', patientSchema);
