import { HandleClosedError } from '../errors';

/** Lets operations pass until it is closed. */
export interface Gate {
  /** @throws {HandleClosedError} after it was closed. */
  readonly check: () => void;
  /** Runs `operation`; it rejects with a `HandleClosedError` after the gate was closed. */
  readonly pass: <T>(operation: () => Promise<T>) => Promise<T>;
  /** Waits for what is under way; what comes after is refused. */
  readonly close: () => Promise<void>;
}

/** An open gate. `closer` is the call that closes it, as its user writes it. */
export function openGate(closer: string): Gate {
  let underWay = 0;
  let closed = false;
  let ended = (): void => undefined;
  const check = (): void => {
    if (closed) throw handleClosed(closer);
  };
  return {
    check,
    pass: async (operation) => {
      check();
      underWay += 1;
      try {
        return await operation();
      } finally {
        underWay -= 1;
        if (underWay === 0) ended();
      }
    },
    close: async () => {
      closed = true;
      if (underWay === 0) return;
      const before = ended;
      await new Promise<void>((resolve) => {
        ended = () => {
          before();
          resolve();
        };
      });
    },
  };
}

function handleClosed(closer: string): HandleClosedError {
  return new HandleClosedError({
    wrong: `the keys of this connection were closed by ${closer}.`,
    remedy: 'Close them after the last operation.',
  });
}
