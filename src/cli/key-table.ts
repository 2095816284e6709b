import type { VaultKey } from '../keys/vault-key';
import { tableOf } from './table';
import { visible } from './visible';

/** Data keys as a table. */
export function keyTable(keys: readonly VaultKey[]): string {
  return tableOf(['NAMES', 'ID', 'MASTER KEY', 'WRAPPED', 'USED BY'], keys.map(rowOf));
}

function rowOf({ keyAltNames, id, provider, masterKey, updatedAt, usedBy }: VaultKey): string[] {
  const fields = Object.entries(masterKey).map(([name, value]) =>
    visible(`${name}=${String(value)}`),
  );
  return [
    keyAltNames.map(visible).join('\n'),
    id,
    [provider, ...fields].join('\n'),
    updatedAt.toISOString().slice(0, 10),
    usedBy.map(({ model, path }) => `${model}.${path}`).join('\n'),
  ];
}
