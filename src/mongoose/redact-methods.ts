import { fieldsTouched } from '../plan/resolve-path';
import type { BoundModel } from './bound-model';
import { redactError, type RedactionScope } from './redact-error';

/** The methods of Mongoose that throw, reject with or give back errors with values. Source: Mongoose 9.12, lib/. */
const MODEL_METHODS = [
  'bulkSave',
  'bulkWrite',
  'castObject',
  'create',
  'insertMany',
  'insertOne',
  'validate',
];
const DOCUMENT_METHODS = [
  '$set',
  '$validate',
  'invalidate',
  'save',
  'set',
  'validate',
  'validateSync',
];
const QUERY_METHODS = ['cast', 'exec'];

type Method = (this: unknown, ...parameters: unknown[]) => unknown;

/** Lets every error of Mongoose that leaves a method of the model, of its documents or of its queries leave without encrypted values. */
export function redactMethods(bound: BoundModel): void {
  const { model } = bound;
  const scope = redactionScopeOf(model.modelName, [bound]);
  const { Query } = model as unknown as { readonly Query: { readonly prototype: object } };
  for (const name of MODEL_METHODS) redactMethod(model, name, scope);
  for (const name of DOCUMENT_METHODS) redactMethod(model.prototype as object, name, scope);
  for (const name of QUERY_METHODS) redactMethod(Query.prototype, name, scope);
}

/** What redacting must know of errors of `where` that may be of any of `models`. */
export function redactionScopeOf(where: string, models: readonly BoundModel[]): RedactionScope {
  return {
    model: where,
    isClear: (path) =>
      models.every(
        ({ model, plan }) =>
          model.schema.pathType(path) !== 'adhocOrUndefined' &&
          fieldsTouched(plan.root, path).length === 0,
      ),
  };
}

/** Lets every error of Mongoose that leaves the method `name` of `holder` leave without the values that `scope` does not know for clear. */
export function redactMethod(holder: object, name: string, scope: RedactionScope): void {
  const method = Reflect.get(holder, name) as Method;
  const redacted: Method = function (...parameters) {
    return withoutLeaks(() => method.apply(this, parameters), scope);
  };
  Object.defineProperty(holder, name, { value: redacted, writable: true, configurable: true });
}

/** What `call` gives, throws or rejects with, with the errors of Mongoose freed of values. */
export function withoutLeaks(call: () => unknown, scope: RedactionScope): unknown {
  try {
    const given = call();
    if (!(given instanceof Promise)) return withoutValues(given, scope);
    return given.then(
      (result: unknown) => withoutValues(result, scope),
      (error: unknown) => {
        redactError(error, scope);
        throw error;
      },
    );
  } catch (error) {
    redactError(error, scope);
    throw error;
  }
}

/** `validateSync` gives an error back, and results of bulk writes hold some. */
function withoutValues(result: unknown, scope: RedactionScope): unknown {
  const isError = result instanceof Error;
  const { mongoose } = (result ?? {}) as { mongoose?: { validationErrors?: unknown } };
  if (isError || Array.isArray(mongoose?.validationErrors)) redactError(result, scope);
  return result;
}
