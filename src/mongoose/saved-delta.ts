import { UnsupportedUpdateError } from '../errors';
import type { BoundModel } from './bound-model';
import { assignWholes, type Delta, type SavedDocument } from './save-wholes';
import { guardKeys, refuseUnsavedNames } from './saved-keys';

/**
 * The filter and update that Mongoose made of the changes of `document`, so that they can be done to ciphertext.
 *
 * @throws {UnsupportedUpdateError} where it would write over a value that could not be decrypted, or must save a whole value of which the
 * document holds a part, or leaves out a change that names keys.
 */
export function savedDelta(delta: Delta, document: SavedDocument, bound: BoundModel): Delta {
  refuseOverwriting(delta.update, document, bound);
  refuseUnsavedNames(delta, document, bound.plan);
  return guardKeys(assignWholes(delta, document, bound.plan), document, bound.plan);
}

/** What could not be decrypted is not in the document, so that saving over it would lose it without anybody's having seen it. */
function refuseOverwriting(update: unknown, document: object, { plan, runtime }: BoundModel): void {
  const lost = runtime.undecryptable.get(document);
  if (lost === undefined) return;
  for (const changes of Object.values(update as Record<string, object>)) {
    const path = Object.keys(changes).find((changed) =>
      lost.some((kept) => overlap(changed, kept)),
    );
    if (path === undefined) continue;
    throw new UnsupportedUpdateError({
      model: plan.name,
      operation: 'save',
      path,
      wrong: 'the stored value there could not be decrypted, and saving would write over it.',
      remedy: `Restore the data key, or write over it on purpose with ${plan.name}.updateOne().`,
    });
  }
}

function overlap(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`);
}
