import { childOf } from '../../../src/plan/resolve-path';
import { shapeOfChanges } from '../../../src/rewrite/change-events';
import { rewritePipeline } from '../../../src/rewrite/pipeline';
import { deepFrozen, fillWithText, refusalOf, ROOT, scopeOver } from './fixture';

const CHANGES = shapeOfChanges(ROOT);

function stagesOf(pipeline: readonly object[]): unknown {
  const scope = scopeOver(ROOT, { operation: 'watch' });
  const { pipeline: stages } = rewritePipeline(deepFrozen(pipeline), scope, CHANGES);
  fillWithText(scope.values.slots);
  return stages;
}

/** What is known of the key `updateDescription.updatedFields[key]` behind the stages. */
function fieldAt(key: string, pipeline: readonly object[]): string | undefined {
  const { shape } = rewritePipeline(pipeline, scopeOver(ROOT), CHANGES);
  const description =
    shape?.kind === 'object' ? shape.children.get('updateDescription') : undefined;
  const updated =
    description?.kind === 'object' ? description.children.get('updatedFields') : undefined;
  const node = updated?.kind === 'object' ? childOf(updated, key) : undefined;
  return node?.kind === 'field' ? node.field.path : node?.kind;
}

describe('the pipeline of a change stream', () => {
  it.each<[object, object]>([
    [{ $match: { 'fullDocument.ssn': '1' } }, { $match: { 'fullDocument.ssn': 'D(ssn)1' } }],
    [
      { $match: { 'fullDocumentBeforeChange.tags': { $in: ['a'] } } },
      { $match: { 'fullDocumentBeforeChange.tags': { $in: ['D(tags)a'] } } },
    ],
    [
      { $match: { 'updateDescription.updatedFields.address.street': 'x' } },
      { $match: { 'updateDescription.updatedFields.address.street': 'D(address.street)x' } },
    ],
    [
      { $match: { operationType: 'update', 'documentKey.ssn': '1' } },
      { $match: { operationType: 'update', 'documentKey.ssn': 'D(ssn)1' } },
    ],
    [{ $changeStreamSplitLargeEvent: {} }, { $changeStreamSplitLargeEvent: {} }],
  ])('%j is rewritten', (given, expected) => {
    expect(stagesOf([given])).toEqual([expected]);
  });

  it.each<[string, string | undefined]>([
    ['ssn', 'ssn'],
    ['address.street', 'address.street'],
    ['contacts.0.phone', 'contacts.phone'],
    ['contacts.3', 'object'],
    ['notes.2', 'notes'],
    ['codes.x', 'codes.$*'],
    ['profile.inner', 'profile'],
    ['name', undefined],
    ['address.city', undefined],
  ])('tells of the updated field %s what stands there', (key, expected) => {
    expect(fieldAt(key, [])).toBe(expected);
  });

  it('knows of a deselected field that its parts may have stayed', () => {
    const $unset = 'updateDescription.updatedFields.address';
    expect(fieldAt('address.street', [{ $unset }])).toBe('address.street');
  });

  it('refuses a comparison that would hide a value behind a dotted key', () => {
    const $match = { 'updateDescription.updatedFields': { 'address.street': 'x' } };
    expect(refusalOf(() => stagesOf([{ $match }]))).toContain('FLE_UNSUPPORTED_FILTER');
  });
});
