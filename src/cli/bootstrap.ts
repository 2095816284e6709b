import type { Command } from 'commander';
import type { Output } from './output';
import { inSession } from './session';
import type { Surroundings } from './surroundings';
import { visible } from './visible';

/** `bootstrap`: creates the data keys that models name and the vault lacks. */
export function addBootstrap(program: Command, { streams }: Surroundings): void {
  program
    .command('bootstrap')
    .description(
      'Creates the data keys that the models name and the key vault lacks, and its index.',
    )
    .option('--dry-run', 'change nothing, and show what would be created')
    .action(async ({ dryRun = false }: { dryRun?: boolean }, command: Command) => {
      await inSession(command, streams, async ({ fle, connection, output }) => {
        const report = await fle.bootstrapKeys(connection, { dryRun });
        output.result({ dryRun, ...report }, () =>
          [
            line(output, dryRun ? 'would be created' : 'created', report.created),
            line(output, 'there already', report.existing),
            line(output, 'named by no model', report.unused),
          ].join('\n'),
        );
      });
    });
}

function line(output: Output, what: string, names: readonly string[]): string {
  const listed = names.length === 0 ? '' : `: ${names.map(visible).join(', ')}`;
  return `${names.length} ${output.paint('faint', what)}${listed}`;
}
