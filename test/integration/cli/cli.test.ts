import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import { databaseUri, freshDatabaseName } from '../../support/database';
import { ROOT } from '../../repository/source-tree';
import { type CliRun, HAS_TERMINALS, runCli } from './run-cli';

jest.setTimeout(120_000);

const MASTER_KEY = randomBytes(96).toString('base64');
const OTHER_KEY = randomBytes(96).toString('base64');

let database: string;
let client: mongo.MongoClient;
let keys: mongo.Collection<mongo.DataKey>;
let environment: Record<string, string>;
const runs: CliRun[] = [];

beforeEach(async () => {
  database = freshDatabaseName('cli');
  client = await mongo.MongoClient.connect(databaseUri(database));
  keys = client.db(database).collection('__keyVault');
  environment = {
    CLI_URI: databaseUri(database),
    CLI_MASTER_KEY: MASTER_KEY,
    CLI_OTHER_KEY: OTHER_KEY,
  };
});

afterEach(async () => {
  await client.db(database).dropDatabase();
  await client.close();
});

async function cli(...parameters: string[]): Promise<CliRun> {
  const run = await runCli(parameters, environment);
  runs.push(run);
  return run;
}

async function json(...parameters: string[]): Promise<{ code: number | null; printed: unknown }> {
  const { code, stdout } = await cli(...parameters, '--json');
  return { code, printed: JSON.parse(stdout) as unknown };
}

describe('mongoose-fle', () => {
  it('leads from an empty vault to one that is well', async () => {
    const first = await cli('doctor');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(
      /^node \d+\..+, mongoose-fle \d+\..+, mongoose 9\..+, mongodb 7\./,
    );
    expect(first.stdout).toMatch(
      /^warning +names +No data key is named "patients": the first write/m,
    );
    expect(first.stdout).toMatch(/^ok +local +A new data key was wrapped and unwrapped\.$/m);
    expect(await keys.countDocuments()).toBe(0);

    expect(await json('bootstrap', '--dry-run')).toEqual({
      code: 0,
      printed: { dryRun: true, created: ['patients', 'notes'], existing: [], unused: [] },
    });
    expect(await keys.countDocuments()).toBe(0);
    expect(await cli('bootstrap')).toEqual({
      code: 0,
      stdout: '2 created: patients, notes\n0 there already\n0 named by no model\n',
      stderr: '',
    });
    expect(await keys.distinct('keyAltNames')).toEqual(['notes', 'patients']);
    const last = await json('doctor');
    expect(last).toMatchObject({ code: 0, printed: { healthy: true } });
    const { checks } = last.printed as { checks: { state: string }[] };
    expect(checks.map(({ state }) => state)).toEqual(checks.map(() => 'ok'));
  });

  it('ends with 1 where the doctor finds what fails, and says what', async () => {
    await cli('bootstrap');
    environment['CLI_MASTER_KEY'] = OTHER_KEY;
    environment['CLI_CREATE'] = 'false';
    await keys.deleteOne({ keyAltNames: 'notes' });
    const { code, stdout } = await cli('doctor');

    expect(code).toBe(1);
    expect(stdout).toMatch(/^failed +names +No data key is named "notes": nothing creates it/m);
    expect(stdout).toMatch(/^failed +local +.*HMAC validation failure/m);
  });

  it('creates, lists, re-wraps and deletes keys', async () => {
    expect((await cli('keys', 'create', 'extra', '--also-named', 'more')).code).toBe(0);
    await cli('bootstrap');
    const { printed } = await json('keys', 'list');
    expect(printed).toMatchObject([
      { keyAltNames: ['extra', 'more'], provider: 'local', usedBy: [] },
      { keyAltNames: ['patients'], usedBy: [{ model: 'Patient', path: 'ssn' }] },
      { keyAltNames: ['notes'], usedBy: [{ model: 'Patient', path: 'notes' }] },
    ]);
    const table = await cli('keys', 'list');
    expect(table.stdout).toMatch(/^NAMES +ID +MASTER KEY +WRAPPED +USED BY\n/);
    expect(table.stdout).toMatch(/^patients +[-\da-f]{36} +local +[-\d]{10} +Patient\.ssn$/m);
    expect(table.stderr).toBe(`3 in ${database}.__keyVault\n`);

    const refused = await cli('keys', 'rewrap', '--to', 'local:next');
    expect(refused).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'mongoose-fle: this has to be confirmed, and nobody is there to ask. Say --yes, or --dry-run to see what would be done.\n',
    });
    expect(await keys.distinct('masterKey.provider')).toEqual(['local']);
    const planned = await json('keys', 'rewrap', '--to', 'local:next', '--dry-run');
    expect((planned.printed as { rewrapped: unknown[] }).rewrapped).toHaveLength(3);
    const rewrapped = await cli('keys', 'rewrap', '--to', 'local:next', '--yes');
    expect(rewrapped).toMatchObject({ code: 0, stderr: '' });
    expect(rewrapped.stdout).toMatch(/^3 re-wrapped, 0 under the master key already\n/);
    expect(await keys.distinct('masterKey.provider')).toEqual(['local:next']);

    expect((await cli('keys', 'delete', 'extra', '--dry-run')).code).toBe(0);
    expect(await cli('keys', 'delete', 'extra', '--yes')).toMatchObject({ code: 0 });
    const used = await cli('keys', 'delete', 'patients', '--yes');
    expect(used).toMatchObject({ code: 1, stdout: '' });
    expect(used.stderr).toContain('the data key "patients" is used by Patient.ssn.');
    expect(await keys.distinct('keyAltNames')).toEqual(['notes', 'patients']);
    expect((await cli('keys', 'delete', 'patients', '--even-if-used', '--yes')).code).toBe(0);
    expect(await keys.distinct('keyAltNames')).toEqual(['notes']);
  });

  it('prints errors as text for people, and as JSON for machines', async () => {
    await cli('keys', 'create', 'extra');
    const message = `${database}.__keyVault: a data key is named "extra" already. Choose another name, or take this one from that key with removeName.`;

    expect(await cli('keys', 'create', 'extra')).toEqual({
      code: 1,
      stdout: '',
      stderr: `${message}\n`,
    });
    expect(await json('keys', 'create', 'extra')).toEqual({
      code: 1,
      printed: { error: { code: 'FLE_KEY_NAME_TAKEN', message, causes: [] } },
    });
  });

  it.each([
    [['frob'], "error: unknown command 'frob'"],
    [
      ['keys', 'delete'],
      'keys delete: the key is given neither by a name nor by --id, or by both.',
    ],
    [
      ['keys', 'create', 'a', '--master-key', '{}'],
      '--master-key: it is given without the provider',
    ],
    [
      ['keys', 'create', 'a', '--provider', 'local', '--master-key', '{'],
      '--master-key: it is not JSON.',
    ],
    [['doctor', '--config', 'none.ts'], 'none.ts: there is no such file.'],
  ])('ends with 2 where it is called wrongly: %j', async (parameters, text) => {
    const run = await cli(...parameters);

    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain(text);
  });

  it('tells machines in JSON that it is called wrongly', async () => {
    expect(await json('frob')).toEqual({
      code: 2,
      printed: {
        error: {
          code: 'FLE_CLI_USAGE',
          message: "mongoose-fle: unknown command 'frob'. Say --help to see what there is.",
          causes: [],
        },
      },
    });
  });

  it('shows names of keys to people so that no terminal obeys them', async () => {
    await cli('keys', 'create', 'tenant:\x1b[2J\n\u202Eevil');
    const { stdout } = await cli('keys', 'list');
    const taken = await cli('keys', 'create', 'tenant:\x1b[2J\n\u202Eevil');

    for (const obeyed of ['\x1b', '\u202E']) {
      expect(stdout + taken.stderr).not.toContain(obeyed);
    }
    expect(stdout).toContain(String.raw`tenant:\u001b[2J\u000a\u202eevil`);
  });

  it('says that the database cannot be reached, without its password', async () => {
    environment['CLI_URI'] = `mongodb://someone:sentinel@127.0.0.1:9/${database}`;
    const run = await cli('doctor');

    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(
      /^fle\.config\.ts: the database cannot be reached\. Check that the server runs, .+\n {2}Cause: .*ECONNREFUSED 127\.0\.0\.1:9/,
    );
    expect(run.stderr).not.toContain('sentinel');
    expect(run.stderr).not.toContain('no error');
  });

  it('ends quietly where whoever reads is gone', async () => {
    await cli('bootstrap');
    const { code, stderr } = await runCli(['keys', 'list'], environment, { leaves: true });

    expect({ code, stderr }).toEqual({ code: 0, stderr: `2 in ${database}.__keyVault\n` });
  });

  // Where no program gives others a terminal, no bar can be shown on one.
  (HAS_TERMINALS ? it : it.skip)('shows a bar on a terminal, and what it did after', async () => {
    await cli('bootstrap');
    const { code, stdout } = await runCli(
      ['keys', 'rewrap', '--to', 'local:next', '--yes'],
      environment,
      { terminal: true },
    );

    expect(code).toBe(0);
    const [bar, result = ''] = stdout.split('2 re-wrapped');
    expect(bar).toMatch(/ 2\/2\b/);
    // eslint-disable-next-line no-control-regex -- what a terminal obeys is what it is about
    expect(result).not.toMatch(/\x1b|\d\/2/);
  });

  it('shows its help, and its version', async () => {
    const help = await cli('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const command of ['doctor', 'bootstrap', 'keys']) expect(help.stdout).toContain(command);
    expect((await cli('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('the configuration', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fle-config-'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function cliWith(name: string, text: string, ...parameters: string[]): Promise<CliRun> {
    writeFileSync(join(folder, name), text);
    const run = await runCli(parameters, environment, { folder });
    runs.push(run);
    return run;
  }

  it('may be JSON that takes its secrets from the environment', async () => {
    const text = JSON.stringify({
      uri: { env: 'CLI_URI' },
      options: {
        kmsProviders: { local: { key: { env: 'CLI_MASTER_KEY' } } },
        keyVaultNamespace: `${database}.__keyVault`,
      },
    });
    const run = await cliWith('fle.config.json', text, 'keys', 'create', 'extra');

    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(await keys.distinct('keyAltNames')).toEqual(['extra']);
  });

  it('may be JSON that names a module', async () => {
    const module = join(__dirname, 'fle.config.ts');
    const run = await cliWith('fle.config.json', JSON.stringify({ module }), 'bootstrap', '--json');

    expect(JSON.parse(run.stdout)).toMatchObject({ created: ['patients', 'notes'] });
  });

  it.each([
    ['{', 'it is not JSON.'],
    ['{ "urii": "sentinel" }', 'it has the unknown field "urii".'],
    ['{}', 'it has neither "module" nor both "uri" and "options".'],
    ['{ "uri": { "env": "NOT_THERE" } }', 'the environment variable NOT_THERE is not set.'],
  ])('is refused where the JSON is %s', async (text, wrong) => {
    expect(await cliWith('fle.config.json', text, 'doctor')).toEqual({
      code: 2,
      stdout: '',
      stderr: `fle.config.json: ${wrong} Write { "module": "./database.js" }, or { "uri": …, "options": … } with { "env": "NAME" } for what is secret.\n`,
    });
  });

  it.each([
    [
      'fle.config.mjs',
      'export const fle = 1;',
      'it does not export "fle", what fieldEncryption returned.',
    ],
    [
      'fle.config.cjs',
      `module.exports = { fle: Object.assign(() => 1, { bootstrapKeys: 1, keyVault: 1 }) };`,
      'it does not export "connection", an open connection of Mongoose or a function that opens one.',
    ],
  ])('has to export the handle and a connection: %s', async (name, text, wrong) => {
    const { code, stderr } = await cliWith(name, text, 'doctor');

    expect(code).toBe(2);
    expect(stderr).toBe(
      `${name}: ${wrong} Export both, and import the models, so that their keys are known.\n`,
    );
  });

  it.each([
    [{ local: { key: 'sentinel' } }, 'its options are refused. The cause says why.'],
    [{ local: { key: { env: 'CLI_MASTER_KEY' } } }, 'the database cannot be reached.'],
  ])('that is JSON ends with 2 where it cannot be used: %j', async (kmsProviders, wrong) => {
    const uri = 'mongodb://someone:sentinel@127.0.0.1:9/x?serverSelectionTimeoutMS=100';
    const text = JSON.stringify({ uri, options: { kmsProviders } });
    const { code, stderr } = await cliWith('fle.config.json', text, 'doctor');

    expect(code).toBe(2);
    expect(stderr.startsWith(`fle.config.json: ${wrong}`)).toBe(true);
  });

  it.each(['mongodb://someone:sentinel', 'mongodb://someone:a/sentinel@127.0.0.1/x'])(
    'that is JSON shows nothing of the connection string %s, which is wrong',
    async (uri) => {
      const options = { kmsProviders: { local: { key: MASTER_KEY } } };
      const text = JSON.stringify({ uri, options });
      const { code, stderr } = await cliWith('fle.config.json', text, 'doctor');

      expect(code).toBe(2);
      expect(stderr).toMatch(/^fle\.config\.json: the database cannot be reached\./);
      expect(stderr).not.toContain('sentinel');
    },
  );

  it('ends with 2 where it exports an open connection and no handle', async () => {
    const text = `import mongoose from 'mongoose';
      export const connection = mongoose.createConnection(process.env.CLI_URI);`;
    const { code, stderr } = await cliWith('fle.config.mjs', text, 'doctor');

    expect(code).toBe(2);
    expect(stderr).toContain('it does not export "fle"');
  });

  it.each([
    ['ts', `export { fle, connection } from FIXTURE;`],
    ['mts', `export { fle, connection } from FIXTURE;`],
    ['cts', `import { fle, connection } from FIXTURE; export = { fle, connection };`],
    ['js', `module.exports = require(FIXTURE);`],
    ['cjs', `exports.default = require(FIXTURE);`],
    ['mjs', `import * as fixture from FIXTURE; export default { ...fixture };`],
  ])('may be fle.config.%s', async (extension, text) => {
    const fixture = JSON.stringify(join(__dirname, 'fle.config.ts'));
    const name = `fle.config.${extension}`;
    const run = await cliWith(name, text.replace('FIXTURE', fixture), 'bootstrap', '--json');

    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({ created: ['patients', 'notes'] });
  });

  it('that waits for what never comes ends with 2, and says so', async () => {
    const text = `export const fle = Object.assign(() => 1, { bootstrapKeys: 1, keyVault: 1 });
      export const connection = new Promise(() => {});`;
    const { code, stderr } = await cliWith('fle.config.mjs', text, 'doctor');

    expect(code).toBe(2);
    expect(stderr).toContain('the configuration waits for something that never comes');
  });

  it.each([
    'JSON.parse(process.env.GCP_KEY_FILE)',
    'JSON.parse(\'{ "private_key": sentinel }\')',
    'throw new Error("cannot use " + process.env.GCP_KEY_FILE + ", nor mongodb://me:sentinel@host")',
  ])('that fails shows no secret: %s', async (text) => {
    environment['GCP_KEY_FILE'] = 'sentinel-$&-file';
    const { code, stderr } = await cliWith('fle.config.mjs', text, 'doctor');

    expect(code).toBe(2);
    expect(stderr).toMatch(/Cause: \w*Error: .+/);
    expect(stderr).not.toContain('sentinel');
  });

  it('is told of where it fails or is missing', async () => {
    const failing = await cliWith('fle.config.mjs', `throw new Error('no such luck');`, 'doctor');
    expect(failing).toMatchObject({
      code: 2,
      stderr:
        'fle.config.mjs: it fails when it is loaded. The cause says why.\n  Cause: Error: no such luck\n',
    });
    rmSync(join(folder, 'fle.config.mjs'));
    const missing = await runCli(['doctor'], environment, { folder });
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/^fle\.config: there is no fle\.config\.ts, \.js, /);
  });
});

describe('all that was printed', () => {
  it('holds no secret, nor a colour that nobody asked for', () => {
    const printed = runs.map(({ stdout, stderr }) => stdout + stderr).join('\n');

    expect(runs.length).toBeGreaterThan(30);
    for (const secret of [MASTER_KEY, OTHER_KEY, 'sentinel']) {
      expect(printed).not.toContain(secret);
      expect(printed).not.toContain(Buffer.from(secret, 'base64').toString('hex'));
    }
    expect(printed).not.toContain('\x1b[');
  });
});
