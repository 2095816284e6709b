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
  const scope: RedactionScope = {
    model: model.modelName,
    isClear: (path) =>
      model.schema.pathType(path) !== 'adhocOrUndefined' &&
      fieldsTouched(bound.plan.root, path).length === 0,
  };
  const { Query } = model as unknown as { readonly Query: { readonly prototype: object } };
  for (const name of MODEL_METHODS) redactMethod(model, name, scope);
  for (const name of DOCUMENT_METHODS) redactMethod(model.prototype as object, name, scope);
  for (const name of QUERY_METHODS) redactMethod(Query.prototype, name, scope);
}

function redactMethod(holder: object, name: string, scope: RedactionScope): void {
  const method = Reflect.get(holder, name) as Method;
  const redacted: Method = function (...parameters) {
    try {
      const given = method.apply(this, parameters);
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
  };
  Object.defineProperty(holder, name, { value: redacted, writable: true, configurable: true });
}

/** `validateSync` gives an error back, and results of bulk writes hold some. */
function withoutValues(result: unknown, scope: RedactionScope): unknown {
  const isError = result instanceof Error;
  const { mongoose } = (result ?? {}) as { mongoose?: { validationErrors?: unknown } };
  if (isError || Array.isArray(mongoose?.validationErrors)) redactError(result, scope);
  return result;
}
