import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { run } from './run.mjs';

/** Installs what package-lock.json names, unless it is there. */
export async function installDependencies(project, note) {
  if (await areInstalled(project)) return 'installed';
  note('npm ci');
  await run('npm', ['ci', '--no-progress'], { cwd: project });
  return 'installed by npm ci';
}

/** Compares the lock file with the list that npm leaves in node_modules when it has finished. */
export async function areInstalled(project) {
  const [wanted, present] = await Promise.all([
    readPackages(join(project, 'package-lock.json')),
    readPackages(join(project, 'node_modules', '.package-lock.json')),
  ]);
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (path === '' || link) return true;
    // An optional package may be meant for another platform.
    return path in present ? present[path].version === version : optional === true;
  });
}

async function readPackages(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
