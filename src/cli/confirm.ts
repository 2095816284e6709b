import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { CliUsageError } from '../errors';
import type { Streams } from './output';

/**
 * Asks whether to do what cannot be undone, unless `yes` was said beforehand.
 *
 * @throws {CliUsageError} where the answer is no, or nobody is there to answer.
 */
export async function confirm(
  question: string,
  yes: boolean | undefined,
  { stderr }: Streams,
): Promise<void> {
  if (yes === true) return;
  if (!process.stdin.isTTY) {
    throw new CliUsageError({
      where: 'mongoose-fle',
      wrong: 'this has to be confirmed, and nobody is there to ask.',
      remedy: 'Say --yes, or --dry-run to see what would be done.',
    });
  }
  const dialogue = createInterface({ input: process.stdin, output: stderr });
  // Ctrl+C and Ctrl+D close it: the question is then rejected by some versions of Node, and left open by others.
  const unanswered = once(dialogue, 'close').then(() => '');
  try {
    const asked = dialogue.question(`${question} [y/N] `).catch(() => '');
    const answer = await Promise.race([asked, unanswered]);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    dialogue.close();
  }
  throw new CliUsageError({
    where: 'mongoose-fle',
    wrong: 'it was not confirmed, and nothing was done.',
    remedy: 'Answer y, or say --yes.',
  });
}
