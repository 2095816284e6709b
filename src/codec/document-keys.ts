import { keyNameFault } from '../declaration/key-name';
import type { KeyContext } from '../declaration/key-source';
import { KeyUnresolvedError } from '../errors';
import type { EncryptedField } from '../plan/encryption-plan';
import type { FunctionRule, PointerRule } from '../plan/key-rule';

/** Of what documents the values of a command are: what is known of them by itself, and what a function may look at. */
export interface KeySubject extends Pick<KeyContext, 'document' | 'filter'> {
  /** Whether nothing is stored at the path of a field, as far as a document in memory tells. */
  readonly isAbsent?: (field: EncryptedField) => boolean;
}

/** What the keys of one command are chosen by. */
export interface KeyFacts extends Omit<KeyContext, 'document' | 'filter'> {
  /** Whether documents of several keys may be meant: true of what only asks. */
  readonly maySpread: boolean;
}

/** The texts that may stand at each key pointer, by its path. A path that is absent may hold anything. */
export type PointerTexts = ReadonlyMap<string, readonly string[]>;

const ANYTHING: PointerTexts = new Map();

/** Chooses the data keys of the values of one command, by what is known of the documents that they belong to. Never changed. */
export class DocumentKeys {
  readonly facts: KeyFacts;
  readonly subject: KeySubject | undefined;
  /** What is known of the values at key pointers. */
  readonly texts: PointerTexts;
  readonly #known: KnownOfDocuments;
  /** What functions have named. */
  readonly #named: Map<FunctionRule, string>;

  constructor(facts: KeyFacts, known: KnownOfDocuments = {}) {
    this.facts = facts;
    this.subject = known.subject;
    this.texts = known.texts ?? ANYTHING;
    this.#known = known;
    this.#named = known.named ?? new Map<FunctionRule, string>();
  }

  /** The keys of documents of `model` of which `subject` is known, and nothing else. */
  of(subject: KeySubject, model: string = this.facts.model): DocumentKeys {
    return new DocumentKeys({ ...this.facts, model }, { subject });
  }

  /** The keys of those of the documents that hold one of `texts` at each of their paths. */
  within(texts: PointerTexts): DocumentKeys {
    if (texts.size === 0 || this.#known.isSettled === true) return this;
    const both = new Map(this.texts);
    for (const [path, values] of texts) {
      const known = this.texts.get(path);
      both.set(path, known === undefined ? values : values.filter((text) => known.includes(text)));
    }
    return this.#with({ texts: both });
  }

  /** The keys of the documents after `texts` were put at their paths; an undefined one cannot be told. */
  after(texts: ReadonlyMap<string, string | undefined>): DocumentKeys {
    if (texts.size === 0) return this;
    const changed = new Map(this.texts);
    for (const [path, text] of texts) {
      if (text === undefined) changed.delete(path);
      else changed.set(path, [text]);
    }
    return this.#with({ texts: changed });
  }

  /** The same keys, of documents whose paths no longer tell anything about them. */
  get settled(): DocumentKeys {
    return this.#with({ isSettled: true });
  }

  /** The keys of documents of which nothing is known, because others have come among them. */
  get mixed(): DocumentKeys {
    return this.#with({ texts: ANYTHING, isSettled: true, isMixed: true });
  }

  #with(more: KnownOfDocuments): DocumentKeys {
    return new DocumentKeys(this.facts, { ...this.#known, named: this.#named, ...more });
  }

  /**
   * The name of the key of `field`.
   *
   * @throws {KeyUnresolvedError} where it cannot be told, or can be one of several.
   */
  nameFor(field: EncryptedField): string {
    const { keyAltName: rule } = field;
    if (typeof rule === 'string') return rule;
    if (this.#known.isMixed === true) throw this.#mixed(field);
    if (rule.kind === 'function') return this.#nameBy(rule, field);
    const [text, ...others] = this.texts.get(rule.path) ?? [];
    if (text === undefined || others.length > 0) throw this.#unresolved(rule, field);
    return this.#checked(rule.prefix + text, field);
  }

  #nameBy(rule: FunctionRule, field: EncryptedField): string {
    const known = this.#named.get(rule);
    if (known !== undefined) return known;
    const name = this.#checked(this.#callFor(rule, field), field);
    this.#named.set(rule, name);
    return name;
  }

  #callFor({ nameOf }: FunctionRule, field: EncryptedField): unknown {
    const { model, operation, context } = this.facts;
    const { document, filter } = this.subject ?? {};
    try {
      return nameOf(Object.freeze({ model, operation, document, filter, context }));
    } catch (cause) {
      throw this.#error(field, {
        wrong: 'the function that names its data key threw an error.',
        remedy: 'The cause is that error; nothing was sent.',
        cause,
      });
    }
  }

  #checked(name: unknown, field: EncryptedField): string {
    const fault = keyNameFault(name);
    if (fault === undefined) return name as string;
    throw this.#error(field, {
      wrong: `its data key has no name that a key can have: ${fault}`,
      remedy: 'Name it by a text of 1 to 500 bytes without NUL.',
    });
  }

  #unresolved({ path }: PointerRule, field: EncryptedField): KeyUnresolvedError {
    const known = this.texts.get(path);
    if (known === undefined || known.length < 2) {
      return this.#error(field, {
        wrong: `its data key depends on "${path}", and there is no value for it that could name a key.`,
        remedy: `Give "${path}" in the document, or as an equality in the filter.`,
      });
    }
    return this.#error(field, {
      wrong: `its data key depends on "${path}", for which there is more than one value.`,
      remedy: this.facts.maySpread
        ? `Ask for the documents of one value of "${path}" at a time.`
        : `Write the documents of one value of "${path}" at a time.`,
    });
  }

  #mixed(field: EncryptedField): KeyUnresolvedError {
    return this.#error(field, {
      wrong:
        'its data key depends on the document, and a stage before has mixed documents of several keys.',
      remedy: 'Filter by the field before that stage, or let each collection be of one key.',
    });
  }

  #error(
    { path }: EncryptedField,
    text: { readonly wrong: string; readonly remedy: string; readonly cause?: unknown },
  ): KeyUnresolvedError {
    const { model, operation } = this.facts;
    return new KeyUnresolvedError({ model, operation, path, ...text });
  }
}

/** What is known of documents beside the command that they are of. */
interface KnownOfDocuments {
  readonly subject?: KeySubject | undefined;
  readonly texts?: PointerTexts;
  readonly named?: Map<FunctionRule, string>;
  /** Whether a filter no longer tells more. */
  readonly isSettled?: boolean;
  /** Whether documents of other keys have come among them. */
  readonly isMixed?: boolean;
}
