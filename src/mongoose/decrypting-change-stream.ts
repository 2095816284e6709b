import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';

/** The driver's change stream, as far as it is stood for. Source: driver 7.8, src/change_stream.ts. */
export interface DriverChangeStream {
  readonly closed: boolean;
  readonly resumeToken: unknown;
  next(): Promise<unknown>;
  tryNext(): Promise<unknown>;
  hasNext(): Promise<boolean>;
  bufferedCount(): number;
  close(): Promise<void>;
  on(event: string, listener: (...parameters: unknown[]) => void): unknown;
}

/** How a change stream comes by its events. */
export interface ChangeSource {
  /** Encrypts the pipeline, and gives the driver's change stream over it. */
  readonly open: () => Promise<unknown>;
  /** Decrypts an event in place. */
  readonly decrypt: (events: unknown[]) => Promise<void>;
  /** The driver's error for a use it does not know. */
  readonly misuse: (message: string) => Error;
}

const HANDED_ON = ['resumeTokenChanged', 'end', 'close'] as const;

/**
 * Stands for the driver's change stream: an iterator or an emitter of events, decrypted one by one. What cannot be opened is told to
 * the first who asks for an event, as the driver tells what the server refuses.
 */
export class DecryptingChangeStream extends EventEmitter implements AsyncIterable<unknown> {
  readonly #source: ChangeSource;
  readonly #opening: Promise<DriverChangeStream>;
  #driverStream: DriverChangeStream | undefined;
  #mode: 'iterator' | 'emitter' | undefined;
  #isPumping = false;
  #closed = false;

  constructor(source: ChangeSource) {
    super();
    this.#source = source;
    this.#opening = this.#open();
    this.#opening.catch(() => undefined); // told to those who ask
    this.on('newListener', (event) => {
      if (event === 'change') this.#startPump();
    });
  }

  get closed(): boolean {
    return this.#closed || (this.#driverStream?.closed ?? false);
  }

  /** The token to resume with behind the event that was given last. */
  get resumeToken(): unknown {
    return this.#driverStream?.resumeToken;
  }

  bufferedCount(): number {
    return this.#driverStream?.bufferedCount() ?? 0;
  }

  async next(): Promise<unknown> {
    this.#use('iterator');
    return await this.#take((stream) => stream.next());
  }

  /** The next event where there is one already, else null. */
  async tryNext(): Promise<unknown> {
    this.#use('iterator');
    return await this.#take((stream) => stream.tryNext());
  }

  async hasNext(): Promise<boolean> {
    this.#use('iterator');
    return await (await this.#opening).hasNext();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void> {
    if (this.closed) return;
    try {
      for (;;) yield await this.next();
    } finally {
      await this.close();
    }
  }

  stream(): Readable {
    if (this.closed) throw this.#source.misuse('ChangeStream is closed');
    const readable = new Readable({
      objectMode: true,
      read: () => {
        this.#takeIfAny().then(
          (event) => readable.push(event ?? null),
          (error: unknown) => readable.destroy(error as Error),
        );
      },
      destroy: (error, done) => {
        this.close().then(() => {
          done(error);
        }, done);
      },
    });
    return readable;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const stream = await this.#opening.catch(() => undefined);
    await stream?.close();
  }

  async #open(): Promise<DriverChangeStream> {
    const stream = (await this.#source.open()) as DriverChangeStream;
    for (const event of HANDED_ON) {
      stream.on(event, (...parameters) => this.emit(event, ...parameters));
    }
    this.#driverStream = stream;
    return stream;
  }

  /** An event that cannot be read ends the stream: going on behind it would lose it unseen. */
  async #take(advance: (stream: DriverChangeStream) => Promise<unknown>): Promise<unknown> {
    const stream = await this.#opening;
    const events = [await advance(stream)];
    try {
      await this.#source.decrypt(events);
    } catch (error) {
      await stream.close();
      throw error;
    }
    return events[0];
  }

  /** The next event, waited for; undefined where the stream has ended. */
  async #takeIfAny(): Promise<unknown> {
    const hasNext = await (await this.#opening).hasNext();
    return hasNext ? await this.#take((stream) => stream.next()) : undefined;
  }

  #startPump(): void {
    this.#use('emitter');
    if (this.#isPumping) return;
    this.#isPumping = true;
    void this.#pump();
  }

  /** Emits events for as long as somebody listens. */
  async #pump(): Promise<void> {
    try {
      for (;;) {
        const event = await this.#takeIfAny();
        if (event === undefined) break;
        this.#emitChange(event);
        if (this.listenerCount('change') === 0) break;
      }
    } catch (error) {
      if (this.#closed) return;
      this.emit('error', error);
      await this.close();
    } finally {
      this.#isPumping = false;
    }
  }

  #emitChange(event: unknown): void {
    try {
      this.emit('change', event);
    } catch (error) {
      this.emit('error', error); // as the driver does where a listener throws
    }
  }

  #use(mode: 'iterator' | 'emitter'): void {
    if (this.#mode !== undefined && this.#mode !== mode) {
      const [now, before] =
        mode === 'emitter'
          ? ['an EventEmitter', 'an iterator']
          : ['an iterator', 'an EventEmitter'];
      throw this.#source.misuse(
        `ChangeStream cannot be used as ${now} after being used as ${before}`,
      );
    }
    this.#mode = mode;
  }
}
