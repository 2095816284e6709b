import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SETUP = join(__dirname, '..', '..', '..', 'dev', 'setup');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mongoose-fle-setup-test-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The set-up is ES modules for bare Node, which Jest does not load: Node itself runs them. */
function evaluate(file: string, script: string): unknown {
  const code = `import * as module from ${JSON.stringify(join(SETUP, file))};\n${script}`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', code]);
  return JSON.parse(output.toString());
}

const print = (expression: string): string => `console.log(JSON.stringify(${expression}))`;

describe('cacheFolder', () => {
  it.each([
    ['{ MONGOOSE_FLE_CACHE: "/own", XDG_CACHE_HOME: "/xdg" }', '/own'],
    ['{ XDG_CACHE_HOME: "/xdg" }', '/xdg/mongoose-fle'],
  ])('is chosen by the environment: %s', (environment, expected) => {
    expect(evaluate('cache-folder.mjs', print(`module.cacheFolder(${environment})`))).toBe(
      expected,
    );
  });
});

describe('debianMirror', () => {
  function write(name: string, text: string): void {
    mkdirSync(join(folder, 'sources.list.d'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const mirror = (): unknown =>
    evaluate('debian.mjs', print(`await module.debianMirror(${JSON.stringify(folder)})`));

  it('is the one of a .sources file, with its keyring', () => {
    write(
      'sources.list.d/other.sources',
      'Types: deb\nURIs: http://packages.example/node\nSuites: x\n',
    );
    write(
      'sources.list.d/system.sources',
      '# The system\nTypes: deb\nURIs: http://security.example/debian-security\nSuites: s\n\n' +
        'Types: deb\nURIs: http://mirror.example/debian\nSuites: s s-updates\nSigned-By: /keys/debian.gpg\n',
    );

    expect(mirror()).toEqual({ uri: 'http://mirror.example/debian', keyring: '/keys/debian.gpg' });
  });

  it('is the one of a line in sources.list, unless that is commented out', () => {
    write(
      'sources.list',
      '# deb http://old.example/debian s main\n' +
        'deb [arch=amd64 signed-by=/keys/own.gpg] http://mirror.example/debian/ s main\n',
    );

    expect(mirror()).toEqual({ uri: 'http://mirror.example/debian/', keyring: '/keys/own.gpg' });
  });

  it('is asked for when the machine names none', () => {
    const refusal = `await module.debianMirror(${JSON.stringify(folder)}).catch((error) => error.message)`;
    expect(evaluate('debian.mjs', print(refusal))).toBe(
      `${folder} names no mirror of Debian. Add one to its sources list, or name a database by MONGODB_URI.`,
    );
  });
});

describe('areInstalled', () => {
  const installed = (): unknown =>
    evaluate('dependencies.mjs', print(`await module.areInstalled(${JSON.stringify(folder)})`));

  function write(path: string, packages: object): void {
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify({ packages }));
  }

  it('compares the lock file with what npm says it has installed', () => {
    const packages = {
      '': { name: 'project' },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '1.0.0', optional: true },
    };
    write('package-lock.json', packages);
    expect(installed()).toBe(false);

    write('node_modules/.package-lock.json', { 'node_modules/a': { version: '1.0.0' } });
    expect(installed()).toBe(true);

    write('node_modules/.package-lock.json', { 'node_modules/a': { version: '1.0.1' } });
    expect(installed()).toBe(false);
  });
});

describe('withLock', () => {
  it('lets one process at a time work, and takes over from one that is gone', () => {
    const lock = join(folder, 'nested', 'lock');
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    mkdirSync(join(folder, 'nested'));
    writeFileSync(lock, String(gone));
    const script = `
      const order = [];
      const work = (name) => module.withLock(${JSON.stringify(lock)}, async () => {
        order.push(name);
        await new Promise((resolve) => setTimeout(resolve, 50));
        order.push(name);
      });
      await Promise.all([work('a'), work('b')]);
      ${print('order')}`;
    const order = evaluate('lock.mjs', script) as string[];

    expect(order[0]).toBe(order[1]);
    expect(order[2]).toBe(order[3]);
    expect(existsSync(lock)).toBe(false);
  });
});

describe('run', () => {
  const outcome = (call: string): unknown =>
    evaluate('run.mjs', print(`await ${call}.then(String, (error) => error.message)`));

  it('resolves to the output', () => {
    expect(outcome(`module.run('sh', ['-c', 'echo out; echo more'])`)).toBe('out\nmore');
  });

  it('rejects with the command, its exit code and its last lines', () => {
    expect(outcome(`module.run('sh', ['-c', 'echo why >&2; exit 3'])`)).toBe(
      'sh -c echo why >&2; exit 3: ended with code 3\n  why',
    );
  });

  it('ends a command and its children when the time is over', () => {
    const started = performance.now();
    const message = outcome(`module.run('sh', ['-c', 'sleep 30 & wait'], { timeLimitMs: 200 })`);

    expect(message).toContain('not done after 0.2 s');
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('says when a program is missing', () => {
    expect(outcome(`module.run('no-such-program', [])`)).toContain('ENOENT');
  });
});

describe('countLine', () => {
  const line = (results: string): unknown => {
    const path = join(folder, 'results.json');
    writeFileSync(path, results);
    return evaluate('test-run.mjs', print(`await module.countLine(${JSON.stringify(path)})`));
  };
  const counts = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0 };

  it.each([
    [counts, '5 passed, 1 failed'],
    [{ ...counts, numPendingTests: 2, numTodoTests: 1 }, '5 passed, 1 failed, 3 skipped'],
    [{ ...counts, numRuntimeErrorTestSuites: 2 }, '5 passed, 3 failed'],
  ])('counts the tests of %j', (results, expected) => {
    expect(line(JSON.stringify(results))).toBe(expected);
  });

  it('counts nothing when the tests did not come to run', () => {
    expect(line('')).toBe('0 passed, 0 failed');
  });
});

describe('step', () => {
  it('says on a pipe what it is at, and what came out', () => {
    const script = `
      let text = '';
      const stream = { write: (part) => { text += part; } };
      await module.step('Database', async (note) => { note('building'); return 'ready'; }, stream);
      await module.step('Broken', async () => { throw new Error('no'); }, stream).catch(() => {});
      ${print('text')}`;

    expect(evaluate('progress.mjs', script)).toMatch(
      /^• Database\n {4}building\n✔ Database: ready \(\d\.\d s\)\n✖ Broken failed after \d\.\d s\n$/,
    );
  });
});
