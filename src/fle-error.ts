/** The facts an error carries beside its message: names only, never a value, a key or a credential. */
export interface FleErrorFacts {
  /** The model's name; absent where only a schema is known. */
  readonly model?: string | undefined;
  /** The path of the encrypted field, dotted as in the schema. */
  readonly path?: string | undefined;
  /** The Mongoose or driver method that was called, such as `updateOne`. */
  readonly operation?: string | undefined;
  /** The alternate name of the data key. */
  readonly keyAltName?: string | undefined;
  /** The identifier of the data key, as UUID text. */
  readonly keyId?: string | undefined;
  /** What led to this error, where something did. */
  readonly cause?: unknown;
}

/** What an error is made of: `where: wrong remedy`, both of the latter whole sentences. */
export interface FleErrorText extends FleErrorFacts {
  /** Where it happened; without it, `model.path`, whichever of the two is known. */
  readonly where?: string | undefined;
  /** What is wrong, as a sentence with its full stop. */
  readonly wrong: string;
  /** What to do, as a sentence with its full stop. */
  readonly remedy: string;
}

/** What marks an error of this package, in every copy of it. */
export const BRAND: unique symbol = Symbol.for('mongoose-fle.FleError');

/** The base of every error of this package. Recognise one with `isFleError`, tell them apart by `code`. */
export abstract class FleError extends Error implements FleErrorFacts {
  abstract readonly code: string;
  readonly model: string | undefined;
  readonly path: string | undefined;
  readonly operation: string | undefined;
  readonly keyAltName: string | undefined;
  readonly keyId: string | undefined;

  constructor(text: FleErrorText) {
    super(
      `${placeOf(text)}: ${text.wrong} ${text.remedy}`,
      text.cause === undefined ? undefined : { cause: text.cause },
    );
    this.name = new.target.name;
    this.model = text.model;
    this.path = text.path;
    this.operation = text.operation;
    this.keyAltName = text.keyAltName;
    this.keyId = text.keyId;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

function placeOf({ where, model, path }: FleErrorText): string {
  const place = [model, path].filter((part) => part !== undefined).join('.');
  return where ?? (place === '' ? 'mongoose-fle' : place);
}
