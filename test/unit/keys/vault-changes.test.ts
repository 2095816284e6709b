import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { announceVaultChange, onVaultChange } from '../../../src/keys/vault-changes';

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

describe('changes of a key vault', () => {
  it('are told to those who listen for this vault, until they end it', () => {
    const told: string[] = [];
    const one = (): unknown => told.push('one');
    const other = (): unknown => told.push('other');
    const end = onVaultChange('a.vault', one);
    onVaultChange('b.vault', other);
    announceVaultChange('a.vault');
    expect(told).toEqual(['one']);
    end();
    announceVaultChange('a.vault');
    announceVaultChange('b.vault');
    expect(told).toEqual(['one', 'other']);
  });

  it('are told also where garbage was collected while nobody listened', async () => {
    const told: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      onVaultChange('c.vault', () => undefined)();
      await nextTurn();
      collectGarbage();
      const forget = (): unknown => told.push(`round ${round}`);
      const end = onVaultChange('c.vault', forget);
      await nextTurn();
      await nextTurn();
      announceVaultChange('c.vault');
      expect(told).toHaveLength(round + 1);
      end();
    }
  });
});
