import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 250;
const HIGHEST_PID = 2 ** 31 - 1;
/** A lock file without a process in it is one that is just being written, unless it is this old. */
const EMPTY_LIMIT_MS = 10_000;

/**
 * Runs `work` while no other process that asks for the same lock file does. The lock of a process
 * that is gone is taken over.
 */
export async function withLock(path, work, onWait = () => {}) {
  await mkdir(dirname(path), { recursive: true });
  for (let waited = false; !(await take(path)); waited = true) {
    if (!waited) onWait();
    if (!(await isAbandoned(path))) await sleep(PAUSE_MS);
    else await removeAbandoned(path);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path) {
  try {
    const file = await open(path, 'wx');
    await file.write(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** One at a time, and only after looking once more: somebody else may have taken the lock over meanwhile. */
async function removeAbandoned(path) {
  const guard = `${path}.removing`;
  if (!(await take(guard))) {
    if (await isAbandoned(guard)) await rm(guard, { force: true });
    await sleep(PAUSE_MS);
    return;
  }
  try {
    if (await isAbandoned(path)) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/** Whether a lock is there whose process is not. */
async function isAbandoned(path) {
  try {
    const pid = Number(await readFile(path, 'utf8'));
    if (!(Number.isInteger(pid) && pid > 0 && pid <= HIGHEST_PID))
      return Date.now() - (await stat(path)).mtimeMs >= EMPTY_LIMIT_MS;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH'; // EPERM: the process is there, and another user's
  }
}
