import type { Bson, BsonReadOptions } from '../codec/bson';
import { PlaintextCollector } from '../codec/collect-plaintext';
import { decryptDocuments, type DecryptScope } from '../codec/decrypt-documents';
import { decryptExplained } from '../codec/decrypt-explained';
import { decryptStored } from '../codec/decrypt-stored';
import { DocumentKeys } from '../codec/document-keys';
import type { EncodeScope } from '../codec/encode-value';
import { fillSlots } from '../codec/fill-slots';
import type { ValueCipher } from '../codec/value-cipher';
import { InvalidValueError } from '../errors';
import type { EncryptionPlan, PlanNode } from '../plan/encryption-plan';
import type { RewriteScope } from '../rewrite/rewrite-scope';
import type { ReadPolicy } from './read-policy';
import { isExplained } from './reading-options';
import { restoreBuffers } from './restore-buffers';

/** What one command of a model runs with. */
export interface CommandContext {
  readonly plan: EncryptionPlan;
  readonly operation: string;
  readonly bson: Bson;
  readonly cipher: ValueCipher;
  /** What `fle.run` was given around the command. */
  readonly context: unknown;
  /** The options of the client, which an operation's own override. */
  readonly clientOptions: BsonReadOptions & EncodeScope['serializeOptions'];
  readonly reading: ReadPolicy;
  /** Whether the client decrypts replies before anybody sees them. */
  readonly clientDecrypts: boolean;
  readonly shapeOfCollection: RewriteScope['shapeOfCollection'];
}

/**
 * One command on its way to the database and back: its arguments are rewritten with the scopes of `query` and `write`, which keep the
 * plaintext; `seal` puts ciphertext in its place; `open` decrypts what comes back.
 */
export class Command {
  readonly #context: CommandContext;
  readonly #encodeScope: EncodeScope;
  #asked: PlaintextCollector | undefined;
  #stored: PlaintextCollector | undefined;

  constructor(context: CommandContext) {
    this.#context = context;
    this.#encodeScope = {
      bson: context.bson,
      model: context.plan.name,
      operation: context.operation,
      serializeOptions: context.clientOptions,
    };
  }

  /** For what only asks, under `options`: a data key that is missing is not created, and matches nothing. */
  query(options: unknown): RewriteScope {
    this.#asked ??= new PlaintextCollector(this.#encodeScope, keysOf(this.#context, true));
    return this.#scope(this.#asked, options);
  }

  /** For what is stored, under `options`. */
  write(options: unknown): RewriteScope {
    this.#stored ??= new PlaintextCollector(this.#encodeScope, keysOf(this.#context, false));
    return this.#scope(this.#stored, options);
  }

  /** Whether rewriting left slots open. */
  get hasSlots(): boolean {
    return hasSlots(this.#stored) || hasSlots(this.#asked);
  }

  /** Fills every slot that rewriting left open: one batch for what is written, one for what is asked. */
  async seal(): Promise<void> {
    const { cipher } = this.#context;
    const scope = this.#encodeScope;
    const [stored, asked] = [this.#stored, this.#asked];
    if (hasSlots(stored)) await fillSlots(stored.slots, { cipher, purpose: 'write', scope });
    if (hasSlots(asked)) await fillSlots(asked.slots, { cipher, purpose: 'query', scope });
  }

  /** Whether documents of `node` are asked for as BSON that nobody has read, for `read`. */
  wantsStored(node: PlanNode | undefined, options: unknown): boolean {
    return node !== undefined && !isExplained(options) && !this.#context.clientDecrypts;
  }

  /** The documents that the database sent as `stored`, decrypted and read under the BSON options of the operation. */
  async read(stored: readonly Uint8Array[], node: PlanNode, options: unknown): Promise<unknown[]> {
    const readOptions = this.#readOptions(options);
    const documents = await decryptStored(stored, node, this.#decryptScope(readOptions));
    return withBuffers(documents, readOptions);
  }

  /** Decrypts `documents` in place, under the BSON options of the operation that read them. */
  async open(
    documents: readonly unknown[],
    node: PlanNode | undefined,
    options: unknown,
  ): Promise<void> {
    const readOptions = this.#readOptions(options);
    if (node !== undefined) {
      await decryptDocuments(documents, node, this.#decryptScope(readOptions));
    }
    withBuffers(documents, readOptions);
  }

  /** A copy of what the database explained of this command, with the values it was given. */
  async explain(explained: unknown, options: unknown): Promise<unknown> {
    return await decryptExplained(
      explained,
      this.#context.plan.root,
      this.#decryptScope(this.#readOptions(options)),
    );
  }

  #decryptScope(readOptions: BsonReadOptions): DecryptScope {
    const { bson, cipher, operation, plan, reading } = this.#context;
    const { plaintext, undecryptable } = reading;
    const { name: model } = plan;
    return { bson, cipher, model, operation, readOptions, plaintext, undecryptable };
  }

  /** The refusal of arguments that are nested too deeply to be looked through. */
  tooDeep(): InvalidValueError {
    const { model, operation } = this.#encodeScope;
    return new InvalidValueError({
      model,
      operation,
      wrong: 'what was given is nested too deeply.',
      remedy: 'Nest objects and arrays less deeply; MongoDB stores up to 100 levels.',
    });
  }

  #scope(values: PlaintextCollector, options: unknown): RewriteScope {
    const { plan, operation, shapeOfCollection } = this.#context;
    const { collation } = (options ?? {}) as { readonly collation?: unknown };
    return { plan, operation, values, collation, shapeOfCollection };
  }

  #readOptions(options: unknown): BsonReadOptions {
    const own = (options ?? {}) as BsonReadOptions;
    const { clientOptions: client } = this.#context;
    return {
      promoteValues: own.promoteValues ?? client.promoteValues,
      promoteLongs: own.promoteLongs ?? client.promoteLongs,
      promoteBuffers: own.promoteBuffers ?? client.promoteBuffers,
      useBigInt64: own.useBigInt64 ?? client.useBigInt64,
      bsonRegExp: own.bsonRegExp ?? client.bsonRegExp,
      enableUtf8Validation: own.enableUtf8Validation ?? client.enableUtf8Validation,
    };
  }
}

/** `documents`, with binaries as Buffers, in place, where the operation asks for that. */
function withBuffers<T extends readonly unknown[]>(documents: T, options: BsonReadOptions): T {
  if (options.promoteBuffers === true && options.promoteValues !== false) restoreBuffers(documents);
  return documents;
}

function hasSlots(values: PlaintextCollector | undefined): values is PlaintextCollector {
  return values !== undefined && values.slots.length > 0;
}

function keysOf({ plan, operation, context }: CommandContext, maySpread: boolean): DocumentKeys {
  return new DocumentKeys({ model: plan.name, operation, context, maySpread });
}
