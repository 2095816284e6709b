#!/usr/bin/env node
import { runProgram } from './program';

void runProgram(process.argv, { stdout: process.stdout, stderr: process.stderr }).then((code) => {
  process.exitCode = code;
});
