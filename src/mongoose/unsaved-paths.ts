import { areRelated } from './selection';

/**
 * The paths of `document` that have changed and are not in `update`: those that `pathsToSave` has left out.
 *
 * Source: Mongoose 9.12, lib/model.js, `$__save`: what is left out is marked as modified again before the update is sent.
 */
export function unsavedPaths(
  document: { directModifiedPaths(): string[] },
  update: unknown,
): string[] {
  const saved = Object.values(update as Record<string, object>).flatMap(Object.keys);
  return document
    .directModifiedPaths()
    .filter((path) => !saved.some((each) => areRelated(each, path)));
}
