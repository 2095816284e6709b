import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { installDependencies } from './setup/dependencies.mjs';
import { provideDocumentDbRoot } from './setup/documentdb-root.mjs';
import { provideAddon } from './setup/native-addon.mjs';
import { step } from './setup/progress.mjs';
import { PYKMIP_NEEDS, providePyKmip } from './setup/pykmip.mjs';
import { passOn, run, runHere } from './setup/run.mjs';
import { SetupError } from './setup/setup-error.mjs';
import { runChecks } from './setup/test-run.mjs';

// Sets a bare checkout up, then runs a command. It runs before node_modules exists, so it and the
// files under setup/ use nothing but Node. What is already there costs well under a second.

const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));
const TYPESCRIPT = ['--import', 'tsx'];

const COMMANDS = {
  test: (args) => runChecks(args),
  demo: (args) => runExample('express', args),
  'demo:tenants': (args) => runExample('multi-tenant', args),
};

function runExample(name, args) {
  return runHere(process.execPath, [...TYPESCRIPT, join('examples', name, 'main.ts'), ...args], {
    ...process.env,
    // There `mongoose-fle` stands for src/, so that nothing has to be built first.
    TSX_TSCONFIG_PATH: join(PROJECT, 'examples', 'tsconfig.json'),
  });
}

async function main([name, ...args]) {
  if (name === 'documentdb') return printDocumentDbRoot();
  if (name === 'pykmip') return printPyKmip();
  if (name !== undefined && !Object.hasOwn(COMMANDS, name)) {
    throw new SetupError(
      `Usage: node dev/setup.mjs [${Object.keys(COMMANDS).join(' | ')}] [arguments]`,
    );
  }
  await step('Dependencies', (note) => installDependencies(PROJECT, note));
  await step('Native addon', (note) => provideAddon(PROJECT, note));
  await step('Database', prepareDatabase);
  if (!name?.startsWith('demo')) await step('KMIP server', preparePyKmip);
  return name === undefined ? 0 : COMMANDS[name](args);
}

/** Which database it will be is for the development code to say, which is TypeScript. */
async function prepareDatabase(note) {
  const program = join('dev', 'database', 'main.ts');
  const output = await run(process.execPath, [...TYPESCRIPT, program, '--prepare'], {
    cwd: PROJECT,
    onLine: (line) => line.startsWith('Ready: ') || note(line),
  });
  return output.split('\n').at(-1).replace('Ready: ', '');
}

/** The tests of KMIP need it; where it cannot be had, they are skipped, and that is said. */
async function preparePyKmip(note) {
  const pykmip = await providePyKmip(note);
  return pykmip === undefined
    ? `no PyKMIP, which needs ${PYKMIP_NEEDS}: its tests will be skipped`
    : `PyKMIP, run by ${pykmip.python}`;
}

/** What that code runs when it comes to DocumentDB. */
async function printDocumentDbRoot() {
  const root = await provideDocumentDbRoot((text) => console.error(text));
  console.log(JSON.stringify({ root }));
  return 0;
}

/** What the tests of KMIP run when they come to it. */
async function printPyKmip() {
  const pykmip = await providePyKmip((text) => console.error(text));
  console.log(JSON.stringify({ pykmip: pykmip ?? null }));
  return 0;
}

// What the command makes of a signal is its own matter: a demo that closes well has ended well.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => passOn(signal));

// Whoever reads the output may be gone first; what is under way is still to be tidied up.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.chdir(PROJECT);
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
