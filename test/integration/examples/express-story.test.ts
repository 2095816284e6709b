import { once } from 'node:events';

import { runClinic } from './start-clinic';

jest.setTimeout(60_000);

it('tells the whole story in the terminal, and every check in it holds', async () => {
  const { output, exitCode } = await outputOf(['--once']);
  expect(output).not.toContain('✗');
  expect(output).toMatch(/(\d+) of \1 checks held/);
  expect(exitCode).toBe(0);
});

it('prints both views side by side', async () => {
  const { output } = await outputOf(['--once']);
  expect(output).toMatch(/│ ssn +│ 987-65-4320 +│ Deterministic · patients · \d+ bytes/);
});

async function outputOf(args: readonly string[]): Promise<{ output: string; exitCode: unknown }> {
  const clinic = runClinic(args);
  let output = '';
  for (const stream of [clinic.stdout, clinic.stderr]) {
    stream?.on('data', (text: Buffer) => (output += text.toString()));
  }
  const [exitCode] = (await once(clinic, 'close')) as unknown[];
  return { output, exitCode };
}
