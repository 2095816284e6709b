import { UnsupportedOperationError } from '../errors';
import type { CursorPurpose, CursorSource } from './cursor-source';
import { applyModifier, type DriverCursor, type Modifier, type Transform } from './driver-cursor';

type Parameters = readonly unknown[];

/**
 * What a cursor is told before it asks: the methods of the driver's cursors that return the cursor. What would change the command
 * behind the encryption's back is refused as soon as the cursor is asked for something.
 *
 * Source: driver 7.8, src/cursor/abstract_cursor.ts, find_cursor.ts and aggregation_cursor.ts.
 */
export abstract class ModifiedCursor {
  protected readonly source: CursorSource;
  protected readonly modifiers: Modifier[];
  protected readonly transforms: Transform[];
  protected driverCursor: DriverCursor | undefined;
  #refusal: Error | undefined;

  protected constructor(
    source: CursorSource,
    modifiers: readonly Modifier[],
    transforms: readonly Transform[],
  ) {
    this.source = source;
    this.modifiers = [...modifiers];
    this.transforms = [...transforms];
  }

  /** The driver's cursor over the encrypted command, as it was told to be. */
  protected async openModified(purpose: CursorPurpose): Promise<DriverCursor> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const cursor = (await this.source.openCursor(purpose)) as DriverCursor;
    for (const modifier of this.modifiers) applyModifier(cursor, modifier);
    return cursor;
  }

  /** A cursor over the same documents, each handed to `transform` after decryption. */
  map(transform: Transform): this {
    this.transforms.push(transform);
    return this;
  }

  addCursorFlag(...parameters: Parameters): this {
    return this.#modify('addCursorFlag', parameters);
  }

  allowDiskUse(...parameters: Parameters): this {
    return this.#modify('allowDiskUse', parameters);
  }

  batchSize(...parameters: Parameters): this {
    return this.#modify('batchSize', parameters);
  }

  comment(...parameters: Parameters): this {
    return this.#modify('comment', parameters);
  }

  hint(...parameters: Parameters): this {
    return this.#modify('hint', parameters);
  }

  limit(...parameters: Parameters): this {
    return this.#modify('limit', parameters);
  }

  maxAwaitTimeMS(...parameters: Parameters): this {
    return this.#modify('maxAwaitTimeMS', parameters);
  }

  maxTimeMS(...parameters: Parameters): this {
    return this.#modify('maxTimeMS', parameters);
  }

  showRecordId(...parameters: Parameters): this {
    return this.#modify('showRecordId', parameters);
  }

  skip(...parameters: Parameters): this {
    return this.#modify('skip', parameters);
  }

  withReadConcern(...parameters: Parameters): this {
    return this.#modify('withReadConcern', parameters);
  }

  withReadPreference(...parameters: Parameters): this {
    return this.#modify('withReadPreference', parameters);
  }

  addQueryModifier(): this {
    return this.#refuse('addQueryModifier');
  }

  addStage(): this {
    return this.#refuse('addStage');
  }

  collation(): this {
    return this.#refuse('collation');
  }

  filter(): this {
    return this.#refuse('filter');
  }

  geoNear(): this {
    return this.#refuse('geoNear');
  }

  group(): this {
    return this.#refuse('group');
  }

  lookup(): this {
    return this.#refuse('lookup');
  }

  match(): this {
    return this.#refuse('match');
  }

  max(): this {
    return this.#refuse('max');
  }

  min(): this {
    return this.#refuse('min');
  }

  out(): this {
    return this.#refuse('out');
  }

  project(): this {
    return this.#refuse('project');
  }

  redact(): this {
    return this.#refuse('redact');
  }

  returnKey(): this {
    return this.#refuse('returnKey');
  }

  sort(): this {
    return this.#refuse('sort');
  }

  unwind(): this {
    return this.#refuse('unwind');
  }

  async count(): Promise<number> {
    this.#refuse('count');
    await this.openModified('read');
    return 0;
  }

  #modify(method: string, parameters: Parameters): this {
    this.modifiers.push([method, parameters]);
    if (this.driverCursor !== undefined) applyModifier(this.driverCursor, [method, parameters]);
    return this;
  }

  #refuse(method: string): this {
    const { model, operation } = this.source;
    this.#refusal ??= new UnsupportedOperationError({
      model,
      operation,
      wrong: `${method}() on the cursor of an encrypted model would pass the encryption by.`,
      remedy: `Give all that is asked for to ${operation}() itself, or to a method of the model.`,
    });
    return this;
  }
}
