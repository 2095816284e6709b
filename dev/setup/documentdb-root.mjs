import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { cacheFolder } from './cache-folder.mjs';
import { debianMirror, downloadPackages, isDebian, sourceLine } from './debian.mjs';
import { withLock } from './lock.mjs';
import { hasProgram, run } from './run.mjs';
import { SetupError } from './setup-error.mjs';

const SUITES = ['forky', 'sid'];
const PACKAGES = ['postgresql-18', 'postgresql-18-documentdb'];
/** mmdebstrap is a script: the one of stable runs without being installed. */
const BOOTSTRAPPER = 'mmdebstrap/bookworm';

/** Counted up when what stands in the root changes, so that an older one is not taken for it. */
const LAYOUT = 1;

const OTHER_WAYS =
  'Other ways: MONGODB_URI=mongodb://… names a running replica set; a mongod on the PATH (or named by MONGOMS_SYSTEM_BINARY) is started when it is there.';

/**
 * Provides a folder with a small Debian in it that has PostgreSQL and DocumentDB, and in
 * `/template` an initialised data directory to be copied. Built once for all checkouts.
 */
export async function provideDocumentDbRoot(note) {
  const root = join(cacheFolder(), `documentdb-root-${process.arch}-${LAYOUT}`);
  if (existsSync(root)) return root;
  refuseWhereImpossible();
  return withLock(
    `${root}.lock`,
    async () => {
      if (!existsSync(root)) await build(root, note);
      return root;
    },
    () => note('another process is building it: waiting'),
  );
}

function refuseWhereImpossible() {
  const problem = [
    [process.platform === 'linux' && isDebian(), 'this system is not Debian'],
    [process.getuid?.() === 0, 'you are not root'],
    [hasProgram('perl') || hasProgram('mmdebstrap'), 'perl is missing'],
    [hasProgram('unshare') && hasProgram('setpriv'), 'util-linux is missing'],
  ].find(([holds]) => !holds)?.[1];
  if (problem === undefined) return;
  throw new SetupError(
    `DocumentDB can only be set up by root on Debian, and ${problem}.\n${OTHER_WAYS}`,
  );
}

async function build(root, note) {
  await removeUnfinished(root);
  const unfinished = `${root}.${process.pid}`;
  const tools = `${root}.tools`;
  await mkdir(tools, { recursive: true });
  try {
    const command = await bootstrapper(tools, note);
    await installSystem(command, unfinished, note);
    for (const path of UNUSED) await rm(join(unfinished, path), { recursive: true, force: true });
    await initialiseTemplate(unfinished, note);
    await rename(unfinished, root);
  } catch (error) {
    throw new SetupError(`DocumentDB could not be set up.\n${error.message}\n${OTHER_WAYS}`);
  } finally {
    await rm(tools, { recursive: true, force: true });
    // Nothing is mounted in it here: the mounts of the template ended with their namespace.
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** What a build left that was killed. The lock says that none is under way. */
async function removeUnfinished(root) {
  const folder = dirname(root);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(root)}.`) || name.endsWith('.lock')) continue;
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function bootstrapper(tools, note) {
  if (hasProgram('mmdebstrap')) return ['mmdebstrap'];
  const [file] = await downloadPackages([BOOTSTRAPPER], tools, note);
  await run('dpkg', ['-x', file, tools]);
  return ['perl', join(tools, 'usr', 'bin', 'mmdebstrap')];
}

async function installSystem([program, ...first], target, note) {
  const mirror = await debianMirror();
  const failures = [];
  for (const suite of SUITES) {
    note(`installing ${PACKAGES.join(' and ')} of ${suite}`);
    try {
      await run(
        program,
        [
          ...first,
          '--variant=minbase',
          `--include=${PACKAGES.join()}`,
          '--aptopt=Apt::Install-Recommends "false"',
          '--aptopt=Acquire::Check-Valid-Until "false"',
          suite,
          target,
          sourceLine(mirror, suite),
        ],
        { onLine: (line) => line.startsWith('I: ') && note(line.slice(3)) },
      );
      return;
    } catch (error) {
      failures.push(error.message);
      await rm(target, { recursive: true, force: true });
    }
  }
  throw new SetupError(failures.join('\n'));
}

/** Compiled code for a part of PostgreSQL that is turned off, and texts. */
const UNUSED = ['usr/lib/postgresql/18/lib/bitcode', 'usr/share/doc', 'usr/share/locale'];

/** Runs in a mount namespace of its own, so that no mount outlives it. */
const INITIALISE = `
set -e
root=$1
postgres=/usr/lib/postgresql/18/bin
as_postgres() { chroot --userspec=postgres:postgres "$root" "$@"; }
mkdir -p "$root/template" "$root/data" "$root/sockets"
chroot "$root" chown postgres:postgres /template
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
as_postgres $postgres/initdb -D /template -U postgres --no-sync -E UTF8 --locale=C.UTF-8 -A trust
cat >> "$root/template/postgresql.conf" <<'END'
shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'
cron.database_name = 'postgres'
jit = off
END
as_postgres $postgres/pg_ctl start -w -D /template -l /tmp/template.log -o "-c listen_addresses= -c unix_socket_directories=/tmp -c fsync=off" ||
  { cat "$root/tmp/template.log"; exit 1; }
as_postgres $postgres/psql -h /tmp -U postgres -d postgres -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION documentdb CASCADE'
as_postgres $postgres/pg_ctl stop -w -m fast -D /template
rm -f "$root/tmp/template.log"
`;

async function initialiseTemplate(root, note) {
  note('initialising a data directory with the extension');
  const script = join(root, 'initialise.sh');
  await writeFile(script, INITIALISE);
  // A process that was left over would end with the process namespace.
  const isolated = ['--mount', '--pid', '--ipc', '--fork', '--kill-child'];
  await run('unshare', [...isolated, 'sh', script, root]);
  await rm(script);
}
