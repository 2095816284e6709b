import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { cacheFolder } from './cache-folder.mjs';
import { downloadPackages, isDebian } from './debian.mjs';
import { withLock } from './lock.mjs';
import { run } from './run.mjs';
import { SetupError } from './setup-error.mjs';

const SUITE = 'bookworm';
const PACKAGES = [
  'pykmip',
  'sqlalchemy',
  'greenlet',
  'cryptography',
  'cffi-backend',
  'six',
  'requests',
  'urllib3',
  'idna',
  'certifi',
  'chardet',
].map((name) => `python3-${name}/${SUITE}`);

/** Counted up when what stands in the folder changes, so that an older one is not taken for it. */
const LAYOUT = 1;

/** The Python that these packages are compiled for. */
const PYTHONS = ['/usr/bin/python3.11', '/usr/bin/python3', 'python3.11', 'python3'];

/** What `providePyKmip` asks of a system. */
export const PYKMIP_NEEDS = 'Debian and Python 3.11';

/**
 * Provides PyKMIP, a KMIP server for tests, from Debian's packages, which are unpacked and not
 * installed. Answers which Python it runs with, and where its modules are; undefined where the
 * system is not Debian, or has no Python 3.11.
 */
export async function providePyKmip(note) {
  const python = PYTHONS.find(isPython311);
  if (!isDebian() || python === undefined) return undefined;
  const root = join(cacheFolder(), `pykmip-${process.arch}-${LAYOUT}`);
  if (!existsSync(root)) {
    await withLock(
      `${root}.lock`,
      async () => {
        if (!existsSync(root)) await unpack(root, python, note);
      },
      () => note('another process is unpacking it: waiting'),
    );
  }
  return { python, modules: modulesIn(root) };
}

function isPython311(python) {
  const asked = spawnSync(python, ['-c', 'import sys; print(sys.version_info[:2] == (3, 11))']);
  return asked.status === 0 && asked.stdout.toString().trim() === 'True';
}

function modulesIn(root) {
  return join(root, 'usr', 'lib', 'python3', 'dist-packages');
}

async function unpack(root, python, note) {
  await removeUnfinished(root);
  const unfinished = `${root}.${process.pid}`;
  const packages = join(unfinished, 'packages');
  await mkdir(packages, { recursive: true });
  try {
    for (const file of await downloadPackages(PACKAGES, packages, note)) {
      await run('dpkg', ['-x', file, unfinished]);
    }
    await rm(packages, { recursive: true });
    note('trying it');
    await run(python, ['-W', 'ignore', '-c', 'import kmip.services.server'], {
      env: { ...process.env, PYTHONPATH: modulesIn(unfinished), PYTHONDONTWRITEBYTECODE: '1' },
    });
    await rename(unfinished, root);
  } catch (error) {
    throw new SetupError(`PyKMIP could not be set up.\n${error.message}`);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** What a set-up left that was killed. The lock says that none is under way. */
async function removeUnfinished(root) {
  for (const name of await readdir(dirname(root))) {
    if (!name.startsWith(`${basename(root)}.`) || name.endsWith('.lock')) continue;
    await rm(join(dirname(root), name), { recursive: true, force: true });
  }
}
