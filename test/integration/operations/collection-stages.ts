import { secret } from '../mongoose/compare-twins';
import { SORT, type StageRows, unlisted } from './stage-examples';

/** Stages that read or write whole collections, or tell of them; and some of those that are refused. */
export const collectionStages: StageRows = {
  $unionWith: [
    {
      answered: [
        [SORT, { $unionWith: { coll: 'archives', pipeline: [{ $match: { ssn: secret('x') } }] } }],
        [{ $unionWith: 'patients' }, { $match: { ssn: secret('bea') } }],
      ],
      refused: [[{ $unionWith: 'visits' }], [{ $unionWith: 'wards' }]],
    },
  ],
  $facet: [
    {
      answered: [[SORT, { $facet: { a: [{ $match: { visits: 0 } }], b: [{ $count: 'n' }] } }]],
      refused: [[{ $facet: { a: [{ $sort: { ssn: 1 } }] } }]],
    },
  ],
  $merge: [
    {
      answered: [
        [{ $merge: { into: 'archives' } }],
        [{ $merge: { into: 'archives', whenMatched: 'replace' } }],
      ],
      refused: [
        [{ $merge: { into: 'wards' } }],
        [{ $merge: { into: 'archives', whenMatched: [{ $set: { ssn: 'x' } }] } }],
      ],
    },
  ],
  $out: [
    { answered: [[{ $out: 'archives' }]], refused: [[{ $out: 'wards' }], [{ $out: 'visits' }]] },
  ],
  $collStats: [
    {
      answered: [
        [{ $collStats: { count: {} } }, { $project: { counted: { $gte: ['$count', 0] } } }],
      ],
    },
  ],
  $indexStats: [
    {
      answered: [[{ $indexStats: {} }, { $project: { name: 1, key: 1 } }, { $sort: { name: 1 } }]],
    },
  ],
  $changeStreamSplitLargeEvent: [{ answered: [[{ $changeStreamSplitLargeEvent: {} }]] }],
  $search: unlisted({ $search: { text: { query: 'x', path: 'name' } } }),
  $vectorSearch: unlisted({
    $vectorSearch: { index: 'x', path: 'name', queryVector: [1], numCandidates: 1, limit: 1 },
  }),
  $planCacheStats: unlisted({ $planCacheStats: {} }),
};
