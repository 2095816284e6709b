import { isFleError } from '../errors';

/** What redacting must know of the model whose error it is. */
export interface RedactionScope {
  readonly model: string;
  /** Whether `path` is known, and nothing encrypted stands at it, above it or below it. */
  isClear(path: string): boolean;
}

/** An error of Mongoose, with the properties that may carry values (Mongoose 9.12, lib/error/). */
interface Shown extends Error {
  path?: string;
  kind?: string;
  errors?: Record<string, unknown>;
  _message?: string;
  validationErrors?: unknown[];
  mongoose?: { validationErrors?: unknown[] };
  [property: string]: unknown;
}

type Rule = (error: Shown, scope: RedactionScope, path: string) => void;

/** What stands in the place of a value. */
const REDACTED = '[redacted]';

/** What hands documents on to whoever catches the error; they are kept there, and not shown. */
const HIDDEN = ['documents', 'insertedDocs', 'results', 'result'];

/** How each error of Mongoose is freed of values, by its name. */
const RULES: Readonly<Record<string, Rule>> = {
  CastError: redactValue('Cast'),
  ValidatorError: redactValue('Validator'),
  ValidationError: (error, scope) => {
    const inside = Object.entries(error.errors ?? {}).filter(([, inner]) => inner !== error);
    for (const [path, inner] of inside) redactAt(path, inner, scope);
    const told = inside.map(([path, inner]) => `${path}: ${(inner as Error).message}`);
    retext(error, `${error._message ?? 'Validation failed'}: ${told.join(', ')}`);
  },
  DocumentNotFoundError: (error, { model }) => {
    retext(error, `No document found for a query on model "${model}"`);
    error['filter'] = REDACTED;
    error['query'] = REDACTED;
  },
  ObjectExpectedError: (error) => {
    retext(error, 'Tried to set a nested object field to a value of another kind');
  },
  ObjectParameterError: (error) => {
    retext(error, 'A parameter that must be an object is of another kind');
  },
  MongooseBulkWriteError: (error) => {
    const length = error.validationErrors?.length ?? 0;
    retext(error, `${String(error['operation'])} failed with ${String(length)} validation errors`);
  },
};

/**
 * Takes what belongs to encrypted paths out of an error of Mongoose, in place: out of its message, its stack and its properties. Errors
 * of clear paths, and of others than Mongoose, stay as they are, but for those that a bulk write has hung onto them.
 */
export function redactError(error: unknown, scope: RedactionScope): void {
  if (typeof error !== 'object' || error === null) return;
  const shown = error as Shown;
  for (const inner of shown.validationErrors ?? []) redactError(inner, scope);
  for (const inner of shown.mongoose?.validationErrors ?? []) redactError(inner, scope);
  if (Object.hasOwn(RULES, shown.name)) RULES[shown.name]?.(shown, scope, shown.path ?? '');
  hide(shown);
  if (shown.mongoose !== undefined) hide(shown.mongoose);
}

/** An error inside a ValidationError, where `path` is the whole path; its own may be that of a subdocument. */
function redactAt(path: string, error: unknown, scope: RedactionScope): void {
  if (typeof error !== 'object' || error === null || isFleError(error)) return;
  const shown = error as Shown;
  const rule = Object.hasOwn(RULES, shown.name) ? RULES[shown.name] : undefined;
  if (rule !== undefined) rule(shown, scope, path);
  else if (!scope.isClear(path)) retext(shown, 'Validation failed for an encrypted value');
}

function redactValue(what: string): Rule {
  return (error, scope, path) => {
    if (scope.isClear(path)) return;
    retext(
      error,
      `${what} "${String(error.kind)}" failed for an encrypted value at path "${path}"`,
    );
    for (const name of ['value', 'stringValue']) if (name in error) error[name] = REDACTED;
    if ('reason' in error) error['reason'] = undefined;
    const properties = error['properties'] as Record<string, unknown> | undefined;
    if (properties === undefined) return;
    const { message } = error;
    Object.assign(properties, { value: REDACTED, message, reason: undefined });
  };
}

/** A line of a stack that names a place in code. */
const FRAME = /^ {4}at .*(?::\d+:\d+\)?|\(<anonymous>\)|\(native\))$/;

/** Gives `error` another message; of its stack the places in code are left. */
function retext(error: Error, message: string): void {
  const lines = (error.stack ?? '').split('\n');
  const last = lines.findLastIndex((line) => !FRAME.test(line));
  error.message = message;
  error.stack = [`${error.name}: ${message}`, ...lines.slice(last + 1)].join('\n');
}

function hide(holder: object): void {
  for (const name of HIDDEN) {
    if (Object.hasOwn(holder, name)) Object.defineProperty(holder, name, { enumerable: false });
  }
}
