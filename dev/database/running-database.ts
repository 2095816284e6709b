/** A database that was started, or found running. */
export interface RunningDatabase {
  readonly uri: string;
  /** What it is, in words. */
  readonly kind: string;
  stop(): Promise<void>;
}

/** One way to get a database. */
export interface DatabaseSource {
  /** What the database is when it comes from here, or undefined when it cannot. */
  find(): Promise<string | undefined>;
  /** Downloads and builds what starting needs, saying what it is at. */
  prepare(note: (text: string) => void): Promise<void>;
  start(): Promise<Omit<RunningDatabase, 'kind'>>;
}
