import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The version of this package. */
export function packageVersion(): string {
  return versionIn(join(__dirname, '..', '..', 'package.json'));
}

/** The versions of what this package works with, as the project in `folder` has them installed; `unknown` where it cannot be told. */
export function installedVersions(folder: string): Record<string, string> {
  const mongoose = manifestOf('mongoose', join(folder, 'package.json'));
  return {
    node: process.versions.node,
    'mongoose-fle': packageVersion(),
    mongoose: versionIn(mongoose),
    mongodb: versionIn(manifestOf('mongodb', mongoose)),
    'mongodb-client-encryption': versionIn(
      manifestOf('mongodb-client-encryption', join(folder, 'package.json')),
    ),
  };
}

/** The package.json of the package that the file `from` loads by `name`. */
function manifestOf(name: string, from: string | undefined): string | undefined {
  try {
    return from && createRequire(from).resolve(`${name}/package.json`);
  } catch {
    return undefined; // it is not installed, or does not show its package.json
  }
}

function versionIn(manifest: string | undefined): string {
  if (manifest === undefined) return 'unknown';
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown };
  return typeof version === 'string' ? version : 'unknown';
}
