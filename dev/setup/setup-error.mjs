/** Something the reader of the message can do something about: shown without a stack. */
export class SetupError extends Error {
  name = 'SetupError';
}
