import type { Command } from 'commander';
import type { KeyVaultHandle } from '../keys/key-vault-handle';
import type { RewrapOptions, RewrapReport } from '../keys/rewrap-keys';
import { confirm } from './confirm';
import { keyTable } from './key-table';
import { masterKeyOf } from './master-key';
import { type Session, inSession } from './session';
import type { Surroundings } from './surroundings';

/** `keys rewrap`: wraps data keys under another master key. */
export function addKeysRewrap(keys: Command, { streams }: Surroundings): void {
  keys
    .command('rewrap')
    .description(
      'Wraps data keys under another master key: the one that is told, or else the one that dataKeys gives their names. No stored value changes.',
    )
    .option('--to <provider>', 'the KMS provider of the new master key')
    .option('--master-key <json>', 'the new master key of the provider, as JSON')
    .option('--from <provider>', 'only keys that this provider wraps')
    .option('--names <names...>', 'only keys of these names')
    .option('--even-if-current', 'also keys that the master key wraps already')
    .option('--dry-run', 'change nothing, and show what would be re-wrapped')
    .option('--yes', 'do not ask')
    .action(async (options: RewrapArguments, command: Command) => {
      await inSession(command, streams, (session) => rewrap(options, session, streams));
    });
}

interface RewrapArguments {
  readonly to?: string;
  readonly masterKey?: string;
  readonly from?: string;
  readonly names?: string[];
  readonly evenIfCurrent?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

async function rewrap(
  options: RewrapArguments,
  { fle, connection, output }: Session,
  streams: Surroundings['streams'],
): Promise<void> {
  const {
    to: provider,
    masterKey,
    from,
    names: keyAltNames,
    evenIfCurrent,
    dryRun = false,
  } = options;
  const to = masterKeyOf({ ...(provider && { provider }), ...(masterKey && { masterKey }) });
  const chosen = { to, from, keyAltNames, evenIfCurrent };
  const vault = await fle.keyVault(connection);
  const planned = await vault.rewrap({ ...chosen, dryRun: true });
  if (dryRun || planned.rewrapped.length === 0) {
    show(planned, dryRun, output);
    return;
  }
  await confirm(
    `Re-wrap ${planned.rewrapped.length} data keys of ${vault.namespace}?`,
    options.yes,
    streams,
  );
  show(await rewrapVisibly(chosen, vault, output), false, output);
}

/** Shows how far it has come. The bar is gone when this ends, so that nothing is printed beside it. */
async function rewrapVisibly(
  chosen: RewrapOptions,
  vault: KeyVaultHandle,
  output: Session['output'],
): Promise<RewrapReport> {
  const progress = output.progress();
  try {
    return await vault.rewrap({
      ...chosen,
      onProgress: ({ done, total }) => {
        progress.update(done, total);
      },
    });
  } finally {
    progress.stop();
  }
}

function show(
  { rewrapped, current }: RewrapReport,
  dryRun: boolean,
  output: Session['output'],
): void {
  output.result({ dryRun, rewrapped, current }, () =>
    [
      `${rewrapped.length} ${dryRun ? 'would be re-wrapped' : 're-wrapped'}, ${current.length} under the master key already`,
      ...(rewrapped.length === 0 ? [] : ['', 'As they were before:', keyTable(rewrapped)]),
    ].join('\n'),
  );
}
