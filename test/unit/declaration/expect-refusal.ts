import type { FleError, FleErrorCode } from '../../../src/errors';

/** What an error has to be: its class, its code and its whole message. */
export interface Refusal {
  readonly type: abstract new (...args: never[]) => FleError;
  readonly code: FleErrorCode;
  readonly message: string;
}

/** Asserts that `act` throws exactly the error described, and hands it back for its facts. */
export function expectRefusal(act: () => unknown, { type, code, message }: Refusal): FleError {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(type);
  const error = thrown as FleError;
  expect({ code: error.code, message: error.message }).toEqual({ code, message });
  return error;
}
