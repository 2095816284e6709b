import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';

/** The channel on which the process is told of changes. It has the same name in every copy of this package. */
const CHANNEL = 'mongoose-fle:key-vault-changed';

/** What is sent there: keys of a vault were deleted, or lost a name. */
interface VaultChange {
  /** The vault, as `database.collection`, on whichever server. */
  readonly namespace: string;
}

type Listener = (message: unknown) => void;

const listeners = new FinalizationRegistry<Listener>((listener) => {
  unsubscribe(CHANNEL, listener);
});

/** Makes everything in this process forget the keys of the vault `namespace` that it has in memory. */
export function announceVaultChange(namespace: string): void {
  const change: VaultChange = { namespace };
  channel(CHANNEL).publish(change);
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
  subscribe(CHANNEL, listener);
  listeners.register(forget, listener);
  return () => unsubscribe(CHANNEL, listener);
}
