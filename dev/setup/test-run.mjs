import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { seconds } from './progress.mjs';
import { runHere } from './run.mjs';

const npmRun = (script) => ['npm', ['run', '--silent', script]];

/** The checks of `npm test`, in their order. `jest` writes its results to the file it is given. */
const CHECKS = [
  ['format', () => npmRun('check:format')],
  ['lint', () => npmRun('check:lint')],
  ['types', () => npmRun('check:types')],
  ['tests', jest],
  ['package', () => npmRun('check:package')],
];

/** Runs all checks up to the first that fails; answers the exit code. */
export async function runChecks(jestArguments) {
  const folder = await mkdtemp(join(tmpdir(), 'mongoose-fle-results-'));
  try {
    return await runAndSummarise(join(folder, 'results.json'), jestArguments);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runAndSummarise(results, jestArguments) {
  const done = [];
  let failed;
  for (const [name, command] of CHECKS) {
    console.log(`\n── ${name}`);
    const started = performance.now();
    const [program, args] = command(results, jestArguments);
    const code = await runHere(program, args);
    done.push({ name, code, took: seconds(performance.now() - started) });
    if (code === 0) continue;
    failed = { name, code };
    break;
  }
  printSummary(done, failed);
  console.log(await countLine(results));
  return failed?.code ?? 0;
}

function printSummary(done, failed) {
  console.log('');
  for (const { name, code, took } of done) {
    console.log(`${code === 0 ? '✔' : '✖'} ${name.padEnd(8)} ${took}`);
  }
  for (const [name] of CHECKS.slice(done.length)) console.log(`- ${name.padEnd(8)} not run`);
  if (failed !== undefined) console.log(`\nFailed: ${failed.name} (exit code ${failed.code})`);
}

function jest(results, jestArguments) {
  const report = ['--json', `--outputFile=${results}`];
  const program = join('node_modules', 'jest', 'bin', 'jest.js');
  return [process.execPath, [program, ...report, ...jestArguments]];
}

/** `N passed, N failed`: the line that says what the tests came to, also when they did not run. */
export async function countLine(results) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, ...more } = JSON.parse(
      await readFile(results, 'utf8'),
    );
    // A file that cannot be loaded has no tests to count, and is a failure all the same.
    const failed = numFailedTests + (more.numRuntimeErrorTestSuites ?? 0);
    const skipped = numPendingTests + numTodoTests;
    const counts = [`${numPassedTests} passed`, `${failed} failed`];
    return [...counts, ...(skipped > 0 ? [`${skipped} skipped`] : [])].join(', ');
  } catch {
    return '0 passed, 0 failed';
  }
}
