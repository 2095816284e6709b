import type { Command } from 'commander';
import type { Check } from '../keys/diagnose-keys';
import { errorText } from './error-text';
import type { Output, Style } from './output';
import { tableOf } from './table';
import { EXIT, type Surroundings } from './surroundings';
import { inSession } from './session';
import { installedVersions } from './versions';

const STYLES: Readonly<Record<Check['state'], Style>> = {
  ok: 'good',
  warning: 'doubtful',
  failed: 'bad',
};

/** `doctor`: looks at everything that encryption needs. */
export function addDoctor(program: Command, { streams, setExitCode }: Surroundings): void {
  program
    .command('doctor')
    .description(
      'Looks at everything that encryption needs. The exit code is 1 where a check fails.',
    )
    .action(async (_, command: Command) => {
      await inSession(command, streams, async ({ fle, connection, output, folder }) => {
        const { healthy, checks } = await fle.diagnose(connection);
        const versions = installedVersions(folder);
        const shown = checks.map(({ subject, state, finding, cause }) => ({
          subject,
          state,
          finding: cause === undefined ? finding : errorText(cause).message,
          causes: cause === undefined ? [] : errorText(cause).causes,
        }));
        output.result({ healthy, versions, checks: shown }, () =>
          [
            Object.entries(versions)
              .map((entry) => entry.join(' '))
              .join(', '),
            '',
            tableOf(
              ['STATE', 'SUBJECT', 'FINDING'],
              shown.map((check) => rowOf(check, output)),
            ),
          ].join('\n'),
        );
        if (!healthy) setExitCode(EXIT.failed);
      });
    });
}

type Shown = Omit<Check, 'cause'> & { readonly causes: readonly string[] };

function rowOf({ state, subject, finding, causes }: Shown, output: Output): string[] {
  const lines = [finding, ...causes.map((cause) => `Cause: ${cause}`)];
  return [output.paint(STYLES[state], state), subject, lines.join('\n')];
}
