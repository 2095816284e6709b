/** Something that is opened when it is needed, and opened anew after it was dropped. */
export interface Renewable<T> {
  readonly current: () => T;
  readonly drop: () => void;
}

/** What `open` returns; it is opened at once, so that what `open` throws is thrown now. */
export function renewable<T extends object>(open: () => T): Renewable<T> {
  let opened: T | undefined = open();
  return {
    current: () => (opened ??= open()),
    drop: () => {
      opened = undefined;
    },
  };
}
