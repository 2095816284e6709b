/** A request as a service of a KMS sees it. */
export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What it answers: a status, and an object that is sent as JSON. */
export interface ServiceAnswer {
  readonly status: number;
  readonly json: object;
}

/** The part of a KMS that understands its requests; undefined for one that is another's. */
export type HttpService = (request: ServiceRequest) => ServiceAnswer | undefined;
