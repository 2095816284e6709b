import { Command, CommanderError } from 'commander';
import { CliUsageError } from '../errors';
import { addBootstrap } from './bootstrap';
import { addDoctor } from './doctor';
import { isUsageFault } from './error-text';
import { addKeysCreate } from './keys-create';
import { addKeysDelete } from './keys-delete';
import { addKeysList } from './keys-list';
import { addKeysRewrap } from './keys-rewrap';
import { type Streams, openOutput } from './output';
import { EXIT, type Surroundings } from './surroundings';
import { packageVersion } from './versions';

const ABOUT = `Tends the data keys of mongoose-fle.

It reads fle.config.ts, .js, .mjs, .cjs or .json of the working directory, which exports the handle as "fle" and an open Mongoose connection, with its models, as "connection".`;

/**
 * Runs the command line `argv`, as in `process.argv`. Nothing but this and what it calls prints; whatever fails is printed here, once.
 *
 * @returns the exit code.
 */
export async function runProgram(argv: readonly string[], streams: Streams): Promise<number> {
  let code: number = EXIT.done;
  const surroundings: Surroundings = {
    streams,
    setExitCode: (set) => {
      code = set;
    },
  };
  try {
    await programOf(surroundings).parseAsync([...argv]);
    return code;
  } catch (error) {
    const output = openOutput(streams, argv.includes('--json'));
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done;
      if (output.isJson) output.failure(calledWrongly(error)); // for people, commander has said it
      return EXIT.usage;
    }
    output.failure(error);
    return isUsageFault(error) ? EXIT.usage : EXIT.failed;
  }
}

function calledWrongly({ message }: CommanderError): CliUsageError {
  const fault = /^error: (.*)/.exec(message)?.[1] ?? 'no command is given';
  return new CliUsageError({
    where: 'mongoose-fle',
    wrong: `${fault}.`,
    remedy: 'Say --help to see what there is.',
  });
}

function programOf(surroundings: Surroundings): Command {
  const { stdout, stderr } = surroundings.streams;
  const program = new Command('mongoose-fle')
    .description(ABOUT)
    .version(packageVersion())
    .option('-c, --config <file>', 'the configuration, where it is not fle.config.* here')
    .option('--json', 'print results as JSON, for machines')
    .showHelpAfterError('Say --help to see what there is.')
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
    })
    .exitOverride();
  addDoctor(program, surroundings);
  addBootstrap(program, surroundings);
  const keys = program
    .command('keys')
    .description('Lists, creates, re-wraps and deletes data keys.');
  addKeysList(keys, surroundings);
  addKeysCreate(keys, surroundings);
  addKeysRewrap(keys, surroundings);
  addKeysDelete(keys, surroundings);
  return program;
}
