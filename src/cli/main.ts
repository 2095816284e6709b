#!/usr/bin/env node
import { runProgram } from './program';
import { EXIT } from './surroundings';

void runProgram(process.argv, { stdout: process.stdout, stderr: process.stderr }).then((code) => {
  process.exitCode = code;
  // A configuration that fails half-way may leave connections open, which nobody can close.
  if (code === EXIT.usage)
    process.stdout.write('', () => process.stderr.write('', () => process.exit()));
});
