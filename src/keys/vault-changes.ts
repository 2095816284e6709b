import { channel } from 'node:diagnostics_channel';

/**
 * The channel on which the process is told of changes. It has the same name in every copy of this package, and is held for ever: Node.js
 * holds channels weakly, and when one was collected as garbage, it takes the next of its name out of its list. Who listens to that would hear of
 * nothing (lib/diagnostics_channel.js of Node.js 20, `WeakRefMap`).
 */
const CHANNEL: HeldChannel = channel('mongoose-fle:key-vault-changed');

/** A channel's own methods, which Node.js advises against where nobody holds the channel. */
interface HeldChannel {
  publish(change: VaultChange): void;
  subscribe(listener: Listener): void;
  unsubscribe(listener: Listener): void;
}

/** What is sent there: keys of a vault were deleted, or lost a name. */
interface VaultChange {
  /** The vault, as `database.collection`, on whichever server. */
  readonly namespace: string;
}

type Listener = (message: unknown) => void;

const listeners = new FinalizationRegistry<Listener>((listener) => {
  CHANNEL.unsubscribe(listener);
});

/** Makes everything in this process forget the keys of the vault `namespace` that it has in memory. */
export function announceVaultChange(namespace: string): void {
  const change: VaultChange = { namespace };
  CHANNEL.publish(change);
}

/**
 * Calls `forget` whenever keys of the vault `namespace` change, on whichever server: there is no telling whether two clients lead to
 * the same. It does not keep `forget` alive, and ends with it.
 *
 * @returns what ends it earlier.
 */
export function onVaultChange(namespace: string, forget: () => void): () => void {
  const reference = new WeakRef(forget);
  const listener: Listener = (message) => {
    if ((message as VaultChange).namespace === namespace) reference.deref()?.();
  };
  CHANNEL.subscribe(listener);
  listeners.register(forget, listener);
  return () => {
    CHANNEL.unsubscribe(listener);
  };
}
