import type { Mongoose, Schema } from 'mongoose';
import { checkDeclared, type ClassSource, declareFields } from '../declaration/declare-fields';
import { readSchemas } from '../declaration/read-schema';
import { InvalidDeclarationError } from '../errors';
import { buildPlan } from '../plan/build-plan';
import { bindModel, type Binding } from './bind-model';
import { hookDocuments } from './document-hooks';
import type { HandleRuntime } from './handle-runtime';
import type { AnyModel } from './native-collection';
import { refuseCompiled } from './verify-models';
import { watchModels } from './watch-models';

/** What `schema.plugin(fle, options)` takes. */
export interface PluginOptions {
  /** The class whose `@Encrypted` fields the schema stores, or a function that returns it where it is evaluated later. */
  readonly class?: ClassSource | undefined;
}

/** The static method that Mongoose calls when a model is compiled; it carries the handle that put it there. */
interface InitStatic {
  (this: AnyModel): unknown;
  runtime?: HandleRuntime;
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
  const statics = schema.statics as { init?: InitStatic };
  if (statics.init?.runtime === binding.runtime) return;
  if (statics.init?.runtime !== undefined) throw pluggedTwice(name);
  schema.static('init', initStatic({ binding, previous: statics.init, source: options.class }));
  hookDocuments(schema, plan.fields.length > 0);
  watchModels((schema as unknown as { readonly base: Mongoose }).base);
}

interface InitSource {
  readonly binding: Binding;
  /** A static `init` of the user's own. */
  readonly previous: InitStatic | undefined;
  readonly source: ClassSource | undefined;
}

/** Source: Mongoose 9.12, lib/model.js, `Model.init`: called when a model is compiled, and inherited by whatever is made of it. */
function initStatic({ binding, previous, source }: InitSource): InitStatic {
  const init: InitStatic = function (this: AnyModel) {
    if (source !== undefined) checkDeclared(this.schema as Schema, source, this.modelName);
    bindModel(this, binding);
    const original = previous ?? (this.base.Model as unknown as { init: InitStatic }).init;
    return original.call(this);
  };
  init.runtime = binding.runtime;
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
