import { InvalidDeclarationError } from '../errors';
import type { Algorithm } from './algorithm';
import { recordField } from './class-fields';
import { parseDeclaration, type Declaration, type EncryptedOptions } from './declaration';
import './decorator-metadata';
import type { KeyAltName } from './key-source';

/** A decorator of class fields, for TypeScript's legacy decorators and for the standard ones of TC39. */
export interface EncryptedDecorator {
  (prototype: object, field: string): void;
  (value: undefined, context: ClassFieldDecoratorContext): void;
}

/**
 * Declares a class field encrypted. Hand the class to the plugin: `schema.plugin(fle, { class: Patient })`.
 *
 * @throws {InvalidDeclarationError} The algorithm or the key name is not one, or what is decorated is no public field.
 * @example
 * class Patient {
 *   @Encrypted('Deterministic', 'patients') ssn!: string;
 *   @Encrypted({ algorithm: 'Random', keyAltName: 'patients', whole: true }) address!: Address;
 *   @Encrypted('Random', { pointer: '/clinicId', prefix: 'clinic:' }) notes!: string;
 * }
 */
export function Encrypted(algorithm: Algorithm, keyAltName: KeyAltName): EncryptedDecorator;
export function Encrypted(options: EncryptedOptions): EncryptedDecorator;
export function Encrypted(
  first: Algorithm | EncryptedOptions,
  keyAltName?: KeyAltName,
): EncryptedDecorator {
  const options = typeof first === 'string' ? { algorithm: first, keyAltName } : first;
  const declaration = parseDeclaration(options, '@Encrypted');
  return (target: unknown, place: unknown, descriptor?: unknown): void => {
    if (isContext(place)) declareStandard(place, declaration);
    else declareLegacy({ target, key: place, descriptor }, declaration);
  };
}

/** The parts of a TC39 decorator context this file reads. */
interface Context {
  readonly kind: string;
  readonly name: string | symbol;
  readonly static: boolean;
  readonly private: boolean;
  readonly metadata?: object | undefined;
}

function isContext(place: unknown): place is Context {
  return typeof place === 'object' && place !== null && 'kind' in place;
}

function declareStandard(context: Context, declaration: Declaration): void {
  const { kind, name, metadata } = context;
  if (kind !== 'field' || context.static || context.private || typeof name !== 'string') {
    throw notAField(String(name));
  }
  if (metadata === undefined) {
    throw new InvalidDeclarationError({
      where: name,
      path: name,
      wrong: 'the decorator was given no metadata object to record the field in.',
      remedy:
        'Import mongoose-fle before the decorated class, and compile with a tool that supports decorator metadata.',
    });
  }
  recordField(metadata, name, declaration);
}

/** What a legacy decorator is called with; Babel gives a descriptor for fields too, without a value. */
interface LegacyPlace {
  readonly target: unknown;
  readonly key: unknown;
  readonly descriptor: unknown;
}

function declareLegacy({ target, key, descriptor }: LegacyPlace, declaration: Declaration): void {
  if (typeof target !== 'object' || target === null || typeof key !== 'string') {
    throw notAField(String(key));
  }
  const owner = target.constructor;
  if (isMethodOrAccessor(descriptor)) throw notAField(`${owner.name}.${key}`);
  recordField(owner, key, declaration);
}

function isMethodOrAccessor(descriptor: unknown): boolean {
  if (typeof descriptor !== 'object' || descriptor === null) return false;
  const parts = descriptor as Record<keyof PropertyDescriptor, unknown>;
  return typeof parts.value === 'function' || Boolean(parts.get ?? parts.set);
}

function notAField(where: string): InvalidDeclarationError {
  return new InvalidDeclarationError({
    where,
    wrong: '@Encrypted stands on something that is not a public field of instances.',
    remedy: 'Decorate a field whose name is a path of the schema.',
  });
}
