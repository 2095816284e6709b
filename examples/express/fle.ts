import { fieldEncryption } from 'mongoose-fle';

import { settings } from './settings';

/** The plugin for the schemas and, at the same time, the handle on their data keys: one for the application. */
export const fle = fieldEncryption({
  kmsProviders: { local: { key: settings.masterKey } },
  keyVaultNamespace: settings.keyVaultNamespace,
});
