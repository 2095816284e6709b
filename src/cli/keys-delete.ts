import type { Command } from 'commander';
import { confirm } from './confirm';
import { keyTable } from './key-table';
import { CliUsageError } from '../errors';
import { type KeySelector, keyNotFound } from '../keys/find-key';
import { refuseUsed } from '../keys/key-use';
import { labelOf } from '../keys/vault-key';
import { inSession } from './session';
import type { Surroundings } from './surroundings';

/** `keys delete`: deletes a data key, and so shreds what is stored under it. */
export function addKeysDelete(keys: Command, { streams }: Surroundings): void {
  keys
    .command('delete')
    .description('Deletes a data key. What is stored under it can be read no more, by anybody.')
    .argument('[name]', 'a keyAltName of the key')
    .option('--id <uuid>', 'the identifier of the key, in place of a name')
    .option('--even-if-used', 'also where fields of the models use it')
    .option('--dry-run', 'change nothing, and show what would be deleted')
    .option('--yes', 'do not ask')
    .action(async (name: string | undefined, options: DeleteArguments, command: Command) => {
      const selector = selectorOf(name, options.id);
      await inSession(command, streams, async ({ fle, connection, output }) => {
        const { evenIfUsed, dryRun = false, yes } = options;
        const vault = await fle.keyVault(connection);
        const key = await vault.find(selector);
        if (key === undefined) throw keyNotFound(selector, vault.namespace);
        refuseUsed(labelOf(key), key.usedBy, { evenIfUsed });
        if (!dryRun) {
          output.note(keyTable([key]));
          await confirm('Delete this data key, and give up what is stored under it?', yes, streams);
          await vault.delete({ id: key.id }, { evenIfUsed });
        }
        output.result({ dryRun, key }, () =>
          dryRun ? `would be deleted:\n${keyTable([key])}` : `deleted ${key.id}`,
        );
      });
    });
}

interface DeleteArguments {
  readonly id?: string;
  readonly evenIfUsed?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

function selectorOf(name: string | undefined, id: string | undefined): KeySelector {
  if (name !== undefined && id === undefined) return name;
  if (name === undefined && id !== undefined) return { id };
  throw new CliUsageError({
    where: 'keys delete',
    wrong: 'the key is given neither by a name nor by --id, or by both.',
    remedy: 'Give one of them.',
  });
}
