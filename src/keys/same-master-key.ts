import type { MasterKeyChoice } from './data-keys';

/** Where endpoints stand, and the port that they have where they name none. */
const DEFAULT_PORTS: Readonly<Record<string, string>> = { kmip: '5696' };
const ENDPOINTS: ReadonlySet<string> = new Set(['endpoint', 'keyVaultEndpoint']);
/** What KMIP chooses where the configuration leaves it open. */
const CHOSEN_BY_KMIP: ReadonlySet<string> = new Set(['keyId', 'endpoint']);

/**
 * Whether the stored description `stored` of a master key is the one that `choice` would store: re-wrapping a data key then changes
 * nothing but which version of the master key wraps it.
 *
 * Source: libmongocrypt's mongocrypt-kek.c, `_mongocrypt_kek_append`.
 */
export function isSameMasterKey(
  stored: Readonly<Record<string, unknown>>,
  { provider, masterKey }: MasterKeyChoice,
): boolean {
  const wanted: Readonly<Record<string, unknown>> = { provider, ...masterKey };
  const [kind = ''] = provider.split(':');
  const fields = new Set([...Object.keys(stored), ...Object.keys(wanted)]);
  return [...fields].every((field) => {
    if (kind === 'kmip' && wanted[field] === undefined && CHOSEN_BY_KMIP.has(field)) return true;
    const port = DEFAULT_PORTS[kind] ?? '443';
    return normal(field, stored[field], port) === normal(field, wanted[field], port);
  });
}

/** An absent `delegated` is false; an endpoint without a port has the provider's own. */
function normal(field: string, value: unknown, port: string): unknown {
  if (field === 'delegated') return value === true;
  if (!ENDPOINTS.has(field) || typeof value !== 'string') return value;
  return value.includes(':') ? value : `${value}:${port}`;
}
