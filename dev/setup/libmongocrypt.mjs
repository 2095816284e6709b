import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { downloadPackages, isDebian } from './debian.mjs';
import { hasProgram, run } from './run.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * The addon needs libmongocrypt of a later release than the stable ones of Debian; the decimal
 * arithmetic and the strlcpy that it was linked with come from stable.
 */
const SUITES = ['forky', 'sid'];
const HELPERS = ['libintelrdfpmath-dev/bookworm', 'libbsd-dev/bookworm'];
const TOOLS = ['dpkg', 'ar', 'g++', 'make', 'python3'];

const BSON_ARCHIVE = 'libbson-static-for-libmongocrypt.a';

/** Puts the headers and static libraries into `folder`; answers where they are from. */
export async function collectLibmongocrypt(folder, note) {
  const prefix = process.env.MONGOCRYPT_PREFIX;
  if (prefix) {
    await cp(join(prefix, 'include'), join(folder, 'include'), { recursive: true });
    await cp(join(prefix, 'lib'), join(folder, 'lib'), { recursive: true });
    return `libmongocrypt of ${prefix}`;
  }
  if (!isDebian()) throw new SetupError('this is not Debian, whose libmongocrypt could be used');
  const missing = TOOLS.filter((tool) => !hasProgram(tool));
  if (missing.length > 0) {
    throw new SetupError(
      `missing ${missing.join(', ')}; run: apt-get install build-essential python3`,
    );
  }
  const work = await mkdtemp(join(tmpdir(), 'mongoose-fle-libmongocrypt-'));
  try {
    await collectFromDebian(work, folder, note);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return "Debian's libmongocrypt";
}

async function collectFromDebian(work, folder, note) {
  const packages = await downloadFromFirstSuite(work, note);
  const unpacked = join(work, 'unpacked');
  for (const file of packages) await run('dpkg', ['-x', file, unpacked]);

  await cp(join(unpacked, 'usr', 'include'), join(folder, 'include'), { recursive: true });
  const libraries = await archivesUnder(join(unpacked, 'usr', 'lib'));
  const target = join(folder, 'lib');
  await mkdir(target, { recursive: true });
  for (const path of libraries.filter(
    isNamed('libmongocrypt-static.a', 'libkms_message-static.a'),
  )) {
    await cp(path, join(target, path.split('/').at(-1)));
  }
  await mergeArchives(
    work,
    libraries.filter(isNamed(BSON_ARCHIVE, 'libbidgcc000.a', 'libbsd.a')),
    join(target, BSON_ARCHIVE),
  );
}

async function downloadFromFirstSuite(work, note) {
  const failures = [];
  for (const suite of SUITES) {
    const folder = join(work, suite);
    await mkdir(folder, { recursive: true });
    try {
      return await downloadPackages([`libmongocrypt-dev/${suite}`, ...HELPERS], folder, note);
    } catch (error) {
      failures.push(error.message);
    }
  }
  throw new SetupError(failures.join('\n'));
}

async function archivesUnder(folder) {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith('.a')).map((name) => join(folder, name));
}

function isNamed(...names) {
  return (path) => names.includes(path.split('/').at(-1));
}

/** The addon links three libraries by name, so what the third one needs is put into it. */
async function mergeArchives(work, archives, target) {
  const merged = join(work, 'merged.a');
  const script = ['create merged.a', ...archives.map((path) => `addlib ${path}`), 'save', 'end'];
  await writeFile(join(work, 'merge.mri'), `${script.join('\n')}\n`);
  await run('sh', ['-c', 'ar -M < merge.mri'], { cwd: work });
  await rename(merged, target).catch(() => cp(merged, target));
}
