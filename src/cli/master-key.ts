import type { MasterKeyChoice } from '../keys/data-keys';
import { CliUsageError } from '../errors';

/** The options by which a master key is chosen. */
export interface MasterKeyOptions {
  readonly provider?: string;
  readonly masterKey?: string;
}

/**
 * The master key that the options choose; undefined where they choose none. Whether the configuration has it is seen where it is used.
 *
 * @throws {CliUsageError} for a master key without a provider, or one that is not JSON.
 */
export function masterKeyOf({
  provider,
  masterKey,
}: MasterKeyOptions): MasterKeyChoice | undefined {
  if (provider === undefined && masterKey === undefined) return undefined;
  if (provider === undefined) {
    throw new CliUsageError({
      where: '--master-key',
      wrong: 'it is given without the provider that it is of.',
      remedy: 'Give its provider too.',
    });
  }
  return {
    provider,
    ...(masterKey !== undefined && { masterKey: parse(masterKey) }),
  } as MasterKeyChoice;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliUsageError({
      where: '--master-key',
      wrong: 'it is not JSON.',
      remedy: 'Give its fields, as in \'{ "region": "eu-central-1", "key": "arn:…" }\'.',
    });
  }
}
