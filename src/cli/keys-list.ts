import type { Command } from 'commander';
import { keyTable } from './key-table';
import { inSession } from './session';
import type { Surroundings } from './surroundings';

/** `keys list`: shows every data key of the vault, and who uses it. */
export function addKeysList(keys: Command, { streams }: Surroundings): void {
  keys
    .command('list')
    .description('Shows every data key of the key vault, and which fields use it.')
    .action(async (_, command: Command) => {
      await inSession(command, streams, async ({ fle, connection, output }) => {
        const vault = await fle.keyVault(connection);
        const list = await vault.list();
        output.result(list, () => keyTable(list));
        output.note(`${list.length} in ${vault.namespace}`);
      });
    });
}
