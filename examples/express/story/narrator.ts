import Table from 'cli-table3';

/** Prints a story, and keeps count of what was claimed in it. */
export class Narrator {
  #held = 0;
  #failed = 0;

  title(title: string): void {
    console.log(`\n${title}`);
  }

  /** Prints a claim with ✓ or ✗, and remembers which. */
  check(claim: string, holds: boolean): void {
    if (holds) this.#held += 1;
    else this.#failed += 1;
    console.log(`  ${holds ? '✓' : '✗'} ${claim}`);
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const table = new Table({ head: [...head], style: { head: [], border: [] } });
    for (const row of rows) table.push([...row]);
    console.log(table.toString());
  }

  text(text: string): void {
    console.log(text.replace(/^/gm, '    '));
  }

  /** Prints the count. Returns whether every claim held. */
  conclude(): boolean {
    const all = this.#held + this.#failed;
    console.log(`\n${this.#held} of ${all} checks held.`);
    return this.#failed === 0;
  }
}
