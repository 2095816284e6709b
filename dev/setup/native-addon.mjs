import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { cacheFolder } from './cache-folder.mjs';
import { collectLibmongocrypt } from './libmongocrypt.mjs';
import { withLock } from './lock.mjs';
import { run } from './run.mjs';
import { SetupError } from './setup-error.mjs';

const DOWNLOAD_LIMIT_MS = 30_000;

/**
 * Makes the native part of mongodb-client-encryption loadable. `.npmrc` keeps npm from building it,
 * since without its download the whole of `npm ci` would fail.
 */
export async function provideAddon(project, note) {
  const addon = await describeAddon(project);
  if (await loads(project)) return `mongodb-client-encryption ${addon.version} loads`;

  return withLock(`${addon.cached}.lock`, async () => {
    if (await restore(addon, project)) return 'taken from the cache';
    const how = await build(addon, project, note);
    await keep(addon);
    return how;
  });
}

async function describeAddon(project) {
  const folder = join(project, 'node_modules', 'mongodb-client-encryption');
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { modules } = process.versions;
  const name = `mongodb-client-encryption-${version}-abi${modules}-${process.platform}-${process.arch}`;
  return {
    version,
    folder,
    binary: join(folder, 'build', 'Release', 'mongocrypt.node'),
    cached: join(cacheFolder(), 'addon', `${name}.node`),
  };
}

/** In a process of its own, since a library that does not fit could end this one. */
async function loads(project) {
  return run(process.execPath, ['-e', "require('mongodb-client-encryption').MongoCrypt"], {
    cwd: project,
  }).then(
    () => true,
    () => false,
  );
}

async function restore({ cached, binary }, project) {
  if (!existsSync(cached)) return false;
  await mkdir(dirname(binary), { recursive: true });
  await copyFile(cached, binary);
  return loads(project);
}

async function keep({ cached, binary }) {
  await mkdir(dirname(cached), { recursive: true });
  const unfinished = `${cached}.${process.pid}`;
  await copyFile(binary, unfinished);
  await rename(unfinished, cached);
}

async function build(addon, project, note) {
  const failures = [];
  for (const [name, way] of [
    ['download of the built addon', download],
    ['build from libmongocrypt', compile],
  ]) {
    try {
      const how = await way(addon, project, note);
      if (await loads(project)) return how;
      failures.push(`${name}: the result does not load`);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      failures.push(`${name}: ${error.message}`);
    }
  }
  throw new SetupError(
    [
      'The native addon of mongodb-client-encryption could neither be downloaded nor built.',
      ...failures.map((failure) => `- ${failure}`),
      'On a machine with another way out, run: npm rebuild mongodb-client-encryption --ignore-scripts=false',
      'Or name a folder with include/ and lib/ of libmongocrypt (static libraries): MONGOCRYPT_PREFIX=…',
    ].join('\n'),
  );
}

async function download({ folder }, project, note) {
  if (process.env.MONGOCRYPT_PREFIX) throw new SetupError('MONGOCRYPT_PREFIX asks for a build');
  note('downloading the built addon');
  const program = join(project, 'node_modules', 'prebuild-install', 'bin.js');
  await run(process.execPath, [program, '--runtime', 'napi'], {
    cwd: folder,
    timeLimitMs: DOWNLOAD_LIMIT_MS,
  });
  return 'downloaded';
}

async function compile({ folder }, project, note) {
  const dependencies = join(folder, 'deps');
  await rm(dependencies, { recursive: true, force: true });
  const source = await collectLibmongocrypt(dependencies, note);
  note('compiling the addon');
  const program = join(project, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  await run(process.execPath, [program, 'rebuild', ...headers()], { cwd: folder });
  await rm(dependencies, { recursive: true, force: true });
  return `built with ${source}`;
}

/** Node's own headers where they are installed, so that node-gyp downloads none. */
function headers() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node.h')) ? [`--nodedir=${prefix}`] : [];
}
