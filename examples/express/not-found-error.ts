/** What a request names is not there. */
export class NotFoundError extends Error {}
