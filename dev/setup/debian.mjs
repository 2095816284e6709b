import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { run } from './run.mjs';
import { SetupError } from './setup-error.mjs';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Whether packages of Debian can be used: the system is Debian and has apt. */
export function isDebian() {
  return existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

/** The mirror that this machine gets Debian from, with the keys it trusts for it. */
export async function debianMirror(etc = '/etc/apt') {
  const entries = (await readSources(etc)).flatMap(parseSource);
  const found = entries.find(({ uri }) => /\/debian\/?$/.test(uri));
  if (found !== undefined) return found;
  throw new SetupError(
    `${etc} names no mirror of Debian. Add one to its sources list, or name a database by MONGODB_URI.`,
  );
}

/** One line of a sources list for a suite; its Release file may be older than apt accepts. */
export function sourceLine({ uri, keyring }, suite) {
  return `deb [signed-by=${keyring} check-valid-until=no] ${uri} ${suite} main`;
}

/**
 * Downloads packages into `folder` with an apt state of its own, so that the machine's sources and
 * installed packages stay as they are. A package is named as `name/suite`.
 */
export async function downloadPackages(packages, folder, note) {
  const mirror = await debianMirror();
  const suites = [...new Set(packages.map((name) => name.split('/')[1]))];
  const state = join(folder, 'apt');
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(state, 'cache', 'archives', 'partial'), { recursive: true });
  await writeFile(join(state, 'status'), '');
  const sources = suites.map((suite) => sourceLine(mirror, suite));
  await writeFile(join(state, 'sources.list'), `${sources.join('\n')}\n`);
  await writeFile(join(state, 'apt.conf'), privateConfiguration(state));

  const env = { ...process.env, APT_CONFIG: join(state, 'apt.conf'), LC_ALL: 'C' };
  note(`apt: reading the package lists of ${suites.join(' and ')}`);
  await run('apt-get', ['update'], { cwd: folder, env });
  note(`apt: downloading ${packages.map((name) => name.split('/')[0]).join(', ')}`);
  await run('apt-get', ['download', ...packages], { cwd: folder, env });
  const files = await readdir(folder);
  return files.filter((name) => name.endsWith('.deb')).map((name) => join(folder, name));
}

function privateConfiguration(state) {
  return [
    `Dir::State "${state}";`,
    `Dir::State::lists "${state}/lists";`,
    `Dir::State::status "${state}/status";`,
    `Dir::Cache "${state}/cache";`,
    `Dir::Etc::sourcelist "${state}/sources.list";`,
    'Dir::Etc::sourceparts "-";',
    'Acquire::Languages "none";',
    // Only the package lists themselves, not the descriptions for desktop programs.
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
    'APT::Sandbox::User "root";',
    '',
  ].join('\n');
}

async function readSources(etc) {
  const parts = await readdir(join(etc, 'sources.list.d')).catch(() => []);
  const paths = [
    join(etc, 'sources.list'),
    ...parts.sort().map((name) => join(etc, 'sources.list.d', name)),
  ];
  const texts = paths.map(async (path) => ({ path, text: await readFile(path, 'utf8') }));
  const read = await Promise.allSettled(texts);
  return read.flatMap(({ value }) => (value === undefined ? [] : [value]));
}

/** Understands both forms: one line for each source, and the paragraphs of `.sources` files. */
export function parseSource({ path, text }) {
  const plain = text.replaceAll(/^\s*#.*$\n?/gm, '');
  return path.endsWith('.sources')
    ? plain.split(/\n\s*\n/).flatMap(parseParagraph)
    : plain.split('\n').flatMap(parseLine);
}

function parseParagraph(paragraph) {
  const field = (name) => new RegExp(`^${name}:[ \\t]*(\\S+)`, 'im').exec(paragraph)?.[1];
  const uri = field('URIs');
  if (uri === undefined || field('Enabled') === 'no') return [];
  return [{ uri, keyring: keyringOr(field('Signed-By')) }];
}

function parseLine(line) {
  const [, options = '', uri] = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+:\S+)/.exec(line.trim()) ?? [];
  return uri === undefined
    ? []
    : [{ uri, keyring: keyringOr(/signed-by=(\S+)/.exec(options)?.[1]) }];
}

function keyringOr(path) {
  return path?.startsWith('/') ? path : KEYRING;
}
