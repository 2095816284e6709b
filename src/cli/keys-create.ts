import type { Command } from 'commander';
import { keyTable } from './key-table';
import { type MasterKeyOptions, masterKeyOf } from './master-key';
import { inSession } from './session';
import type { Surroundings } from './surroundings';

/** `keys create`: makes a data key. */
export function addKeysCreate(keys: Command, { streams }: Surroundings): void {
  keys
    .command('create')
    .description(
      'Makes a data key. Its master key is the one that dataKeys gives its name, unless told.',
    )
    .argument('<name>', 'the keyAltName of the key')
    .option('--also-named <names...>', 'further names of the key')
    .option('--provider <provider>', 'the KMS provider that wraps it')
    .option('--master-key <json>', 'the master key of the provider, as JSON')
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const wrappedBy = masterKeyOf(options);
      await inSession(command, streams, async ({ fle, connection, output }) => {
        const vault = await fle.keyVault(connection);
        const key = await vault.create(name, { wrappedBy, alsoNamed: options.alsoNamed });
        output.result(key, () => keyTable([key]));
      });
    });
}

interface CreateOptions extends MasterKeyOptions {
  readonly alsoNamed?: string[];
}
