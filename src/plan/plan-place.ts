/** Where a plan under construction stands, for the errors it may have to throw. */
export interface PlanPlace {
  /** What stands for the model in messages. */
  readonly name: string;
  /** Whether `name` is a model's name; else there is only a schema, and errors have no `model`. */
  readonly isModel: boolean;
  /** The path in the schema; empty at the root. */
  readonly path: string;
  /** Whether the elements of an array stand here. */
  readonly inArray?: boolean | undefined;
}

/** The facts of an error at `place`. */
export function placeFacts({ name, isModel, path }: PlanPlace): {
  where: string;
  model: string | undefined;
  path: string;
} {
  return { where: `${name}.${path}`, model: isModel ? name : undefined, path };
}
