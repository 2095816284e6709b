import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROJECT = join(__dirname, '..', '..', '..');

jest.setTimeout(60_000);

it('keeps tenants apart and erases one, and every check in its story holds', async () => {
  const main = join('examples', 'multi-tenant', 'main.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', main], {
    cwd: PROJECT,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(PROJECT, 'examples', 'tsconfig.json') },
  });
  expect(stdout).not.toContain('✗');
  expect(stdout).toMatch(/(\d+) of \1 checks held/);
  expect(stdout).toMatch(/│ acme +│ tenant:acme +│ tenant:acme +│/);
});
