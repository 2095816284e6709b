import type { ErrorRequestHandler } from 'express';
import { Error as MongooseError, mongo } from 'mongoose';
import { isFleError } from 'mongoose-fle';
import { ZodError } from 'zod';

import { NotFoundError } from '../not-found-error';

/** What a client is told of an error: no message here repeats a value of a request or of a document. */
interface Problem {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** The paths that are wrong, where some are. */
  readonly fields?: readonly string[];
}

/** The last middleware: turns an error into a status and a body `{ error: { code, message, fields? } }`. */
export const answerErrors: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const { status, ...body } = problemOf(error);
  response.status(status).json({ error: body });
};

function problemOf(error: unknown): Problem {
  if (isFleError(error)) return problemOfCode(error.code, error.message);
  if (error instanceof NotFoundError) {
    return { status: 404, code: 'NOT_FOUND', message: error.message };
  }
  if (error instanceof ZodError) {
    return invalid(error.issues.map(({ path }) => path.join('.')));
  }
  if (error instanceof MongooseError.ValidationError) return invalid(Object.keys(error.errors));
  if (error instanceof MongooseError.CastError) {
    const message = `This is not a valid ${error.kind}.`;
    return { status: 400, code: 'INVALID_VALUE', message, fields: [error.path] };
  }
  if (error instanceof mongo.MongoServerError && error.code === 11000) {
    return {
      status: 409,
      code: 'DUPLICATE',
      message: 'There is already a patient with this value.',
    };
  }
  if (isMalformedBody(error)) {
    return { status: 400, code: 'MALFORMED_BODY', message: 'The body is not valid JSON.' };
  }
  return { status: 500, code: 'INTERNAL', message: 'Something went wrong.' };
}

/** Messages of mongoose-fle hold names, never values, so those about the request may be passed on. */
function problemOfCode(code: string, message: string): Problem {
  switch (code) {
    case 'FLE_UNSUPPORTED_FILTER':
    case 'FLE_UNSUPPORTED_UPDATE':
    case 'FLE_UNSUPPORTED_STAGE':
    case 'FLE_UNSUPPORTED_OPERATION':
    case 'FLE_INVALID_VALUE':
    case 'FLE_CIPHERTEXT_GIVEN':
      return { status: 400, code, message };
    case 'FLE_KEY_NOT_FOUND':
    case 'FLE_KEY_VAULT_UNAVAILABLE':
    case 'FLE_ENCRYPTION_FAILED':
      return { status: 503, code, message: 'Encryption is unavailable. Try again later.' };
    default:
      return { status: 500, code, message: 'Something went wrong.' };
  }
}

function invalid(fields: readonly string[]): Problem {
  const names = [...new Set(fields.filter((field) => field !== ''))];
  return {
    status: 422,
    code: 'INVALID',
    message: 'Some fields are missing or wrong.',
    fields: names,
  };
}

/** Whether `express.json` could not read the body; its own message would quote the body. */
function isMalformedBody(error: unknown): boolean {
  return error instanceof SyntaxError && 'body' in error;
}
