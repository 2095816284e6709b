import { KmsRequestError } from '../../errors';
import type { KmsNetwork } from '../kms-network';
import { type NativeKmsRequest, fulfilRequest, targetOf } from './kms-request';

/** A unit of work of libmongocrypt, as the driver's state machine drives it. Source: mongodb-client-encryption 7.2, src/index.ts. */
export interface DrivenContext {
  readonly state: number;
  readonly status: { readonly message?: string };
  nextMongoOperation(): Uint8Array;
  addMongoOperationResponse(response: Uint8Array): void;
  finishMongoOperation(): void;
  nextKMSRequest(): NativeKmsRequest | null;
  finishKMSRequests(): void;
  provideKMSProviders(providers: Uint8Array): void;
  finalize(): Uint8Array;
}

/** The states of a context. Source: `mongocrypt_ctx_state_t` in libmongocrypt's mongocrypt.h. */
const FAILED = 0;
const NEEDS_KMS = 4;
const NEEDS_CREDENTIALS = 7;

/** How many requests of one unit of work are under way at once. */
const CONCURRENCY = 16;

/**
 * A unit of work whose requests to a KMS the driver does not see: where it needs their answers, it says that it needs credentials, for
 * which the driver asks `askForKMSCredentials`; there `fulfil` fetches the answers.
 */
export class KmsContext implements DrivenContext {
  readonly #context: DrivenContext;
  readonly #onOutput: ((output: Uint8Array) => void) | undefined;
  #fulfilled = false;

  constructor(context: DrivenContext, onOutput?: (output: Uint8Array) => void) {
    this.#context = context;
    this.#onOutput = onOutput;
  }

  /** Whether there are requests to be answered. */
  get needsKms(): boolean {
    return this.#context.state === NEEDS_KMS;
  }

  get state(): number {
    return this.needsKms || this.#fulfilled ? NEEDS_CREDENTIALS : this.#context.state;
  }

  get status(): { readonly message?: string } {
    return this.#context.status;
  }

  nextMongoOperation(): Uint8Array {
    return this.#context.nextMongoOperation();
  }

  addMongoOperationResponse(response: Uint8Array): void {
    this.#context.addMongoOperationResponse(response);
  }

  finishMongoOperation(): void {
    this.#context.finishMongoOperation();
  }

  nextKMSRequest(): NativeKmsRequest | null {
    return this.#context.nextKMSRequest();
  }

  finishKMSRequests(): void {
    this.#context.finishKMSRequests();
  }

  provideKMSProviders(providers: Uint8Array): void {
    if (!this.#fulfilled) this.#context.provideKMSProviders(providers);
    this.#fulfilled = false;
  }

  finalize(): Uint8Array {
    const output = this.#context.finalize();
    this.#onOutput?.(output);
    return output;
  }

  /**
   * Has the requests answered that libmongocrypt has written. What the driver then provides as credentials is passed over.
   *
   * @throws {KmsRequestError} where one has no answer, or one that libmongocrypt cannot use.
   */
  async fulfil(network: KmsNetwork): Promise<void> {
    const asked: NativeKmsRequest[] = [];
    let failed = false;
    const work = async (): Promise<void> => {
      for (;;) {
        const request = failed ? null : this.#context.nextKMSRequest();
        if (request === null) return;
        asked.push(request);
        await fulfilRequest(request, network).catch((error: unknown) => {
          failed = true;
          throw error;
        });
      }
    };
    const workers = await Promise.allSettled(Array.from({ length: CONCURRENCY }, work));
    for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
    this.#context.finishKMSRequests();
    if (this.#context.state === FAILED) throw answerRefused(asked[0], this.#context.status.message);
    this.#fulfilled = true;
  }
}

/** The body of an answer may hold a key; libmongocrypt shows some. */
function answerRefused(request: NativeKmsRequest | undefined, said = ''): KmsRequestError {
  const target = request && targetOf(request);
  const provider = target?.provider ?? 'KMS';
  const host = target && `${target.host}:${target.port}`;
  return new KmsRequestError({
    where: target === undefined ? provider : `${provider} at ${target.host}`,
    wrong: 'libmongocrypt cannot use the answer of the KMS.',
    remedy: 'Check that the master key is the one that the data key was wrapped with.',
    provider,
    host,
    attempts: 1,
    transient: false,
    cause: new Error(said.replace(/(?:Response body|body=)[\s\S]*$/i, '').slice(0, 300)),
  });
}
