#!/usr/bin/env node
import { CliConfigError } from '../errors';
import { openOutput } from './output';
import { runProgram } from './program';
import { EXIT } from './surroundings';

const { argv, stdout, stderr } = process;

// Whoever reads may have seen enough and be gone, as `head` is; the work goes on.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.once('beforeExit', endUnfinished);
void runProgram(argv, { stdout, stderr }).then((code) => {
  process.off('beforeExit', endUnfinished);
  process.exitCode = code;
  // A configuration that fails half-way may leave connections open, which nobody can close.
  if (code === EXIT.usage) stdout.write('', () => stderr.write('', () => process.exit()));
});

/** Node ends a process in which nothing can happen any more with the code 0, as if all had been done. */
function endUnfinished(): void {
  process.exitCode = EXIT.usage;
  openOutput({ stdout, stderr }, argv.includes('--json')).failure(
    new CliConfigError({
      where: 'mongoose-fle',
      wrong: 'the configuration waits for something that never comes, and nothing was done.',
      remedy: 'Check what its "connection" waits for.',
    }),
  );
}
