import type { Examples } from './examples';

/** A pipeline. */
export type Stages = object[];

/** Rows of the table of stages. */
export type StageRows = Readonly<Record<string, readonly Examples<Stages>[]>>;

/** Puts what goes through a pipeline into an order that twins share. */
export const SORT = { $sort: { _id: 1 } };

/** Goes on with the patients of this name. */
export const named = (name: string): object => ({ $match: { name } });

/** Stages that are refused wherever they stand. */
export const unlisted = (...stages: object[]): readonly Examples<Stages>[] => [
  { refused: stages.map((stage) => [stage]) },
];
