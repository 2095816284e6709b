import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { databaseUri, freshDatabaseName } from '../../support/database';
import { type KmsRig, openKmsRig } from '../../support/kms/kms-rig';
import type { Fault } from '../../support/kms/kms-server';

const LIMIT_MS = 60_000;

let rig: KmsRig;

beforeAll(async () => {
  rig = await openKmsRig();
});

afterAll(() => rig.close());

it.each<[Fault | undefined, string]>([
  [undefined, '1 0\n'],
  ['silence', 'FLE_KMS_REQUEST_FAILED 0\n'],
])(
  'a process ends by itself after close and disconnect (the fault of the KMS: %s)',
  async (fault, printed) => {
    rig.kms.always = fault;
    const program = join(__dirname, 'whole-process.ts');
    const child = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        program,
        databaseUri(freshDatabaseName('process')),
        String(rig.kms.port),
        rig.authority.caFile,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], timeout: LIMIT_MS },
    );
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
    const [output, [code, signal]] = await Promise.all([text(child.stdout), ended]);

    expect({ output, code, signal }).toEqual({
      output: printed,
      code: 0,
      signal: null,
    });
  },
  LIMIT_MS,
);
