import type { Mongoose, Schema } from 'mongoose';
import { checkDeclared, type ClassSource, declareFields } from '../declaration/declare-fields';
import { readSchemas } from '../declaration/read-schema';
import { InvalidDeclarationError } from '../errors';
import { buildPlan } from '../plan/build-plan';
import { bindModel, type Binding } from './bind-model';
import { hookDocuments } from './document-hooks';
import type { HandleRuntime } from './handle-runtime';
import type { AnyModel } from './native-collection';
import { type ReadingOptions, type ReadPolicy, readPolicyOf } from './read-policy';
import { refuseCompiled } from './verify-models';
import { watchModels } from './watch-models';

/** What `schema.plugin(fle, options)` takes. */
export interface PluginOptions extends ReadingOptions {
  /** The class whose `@Encrypted` fields the schema stores, or a function that returns it where it is evaluated later. */
  readonly class?: ClassSource | undefined;
}

/** The static method that Mongoose calls when a model is compiled; it carries the handle that put it there. */
interface InitStatic {
  (this: AnyModel): unknown;
  runtime?: HandleRuntime;
  source?: InitSource;
}

/**
 * Declares what `options.class` says, checks the whole schema, and lets every model compiled of it be bound. Calling it again, on the
 * same schema or on one made of it, changes nothing but to declare further fields.
 *
 * @throws {FleError} every error of configuration that can be seen before a model is compiled.
 */
export function plugInto(schema: Schema, options: PluginOptions, binding: Binding): void {
  const name = nameOf(options.class);
  declareFields(schema, options.class, name);
  const plan = buildPlan({ name, isModel: false, shapes: readSchemas(schema, name) });
  refuseCompiled(schema, plan.fields.length > 0);
  const { init } = schema.statics as { init?: InitStatic };
  const reading = readPolicyOf(options, name, init?.source?.reading ?? binding.runtime.reading);
  if (init?.source !== undefined) {
    if (init.runtime !== binding.runtime) throw pluggedTwice(name);
    schema.static('init', initStatic({ ...init.source, reading }));
    return;
  }
  const source = { binding, previous: init, class: options.class, reading };
  schema.static('init', initStatic(source));
  hookDocuments(schema, plan.fields.length > 0);
  watchModels((schema as unknown as { readonly base: Mongoose }).base);
}

interface InitSource {
  readonly binding: Binding;
  /** A static `init` of the user's own. */
  readonly previous: InitStatic | undefined;
  readonly class: ClassSource | undefined;
  readonly reading: ReadPolicy;
}

/** Source: Mongoose 9.12, lib/model.js, `Model.init`: called when a model is compiled, and inherited by whatever is made of it. */
function initStatic(source: InitSource): InitStatic {
  const { binding, class: declaring, previous, reading } = source;
  const init: InitStatic = function (this: AnyModel) {
    if (declaring !== undefined) checkDeclared(this.schema as Schema, declaring, this.modelName);
    bindModel(this, { ...binding, reading });
    const original = previous ?? (this.base.Model as unknown as { init: InitStatic }).init;
    return original.call(this);
  };
  init.runtime = binding.runtime;
  init.source = source;
  return init;
}

/** What stands for the schema in messages, while it has no model. */
function nameOf(source: ClassSource | undefined): string {
  return source === undefined || source.name === '' || source.name === 'class'
    ? 'Schema'
    : source.name;
}

function pluggedTwice(name: string): InvalidDeclarationError {
  return new InvalidDeclarationError({
    where: name,
    wrong: 'the plugin of another handle is on the schema already.',
    remedy: 'Use one handle for a schema.',
  });
}
