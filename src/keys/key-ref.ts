/** A data key, as a value names it: by a name, or by its identifier as 32 lower-case hexadecimal digits. */
export type KeyRef = `name:${string}` | `id:${string}`;

/** The key that has the name `keyAltName`. */
export function keyNamed(keyAltName: string): KeyRef {
  return `name:${keyAltName}`;
}

/** The key whose identifier has the bytes of `id`. */
export function keyIdentified(id: Uint8Array): KeyRef {
  return `id:${Buffer.from(id).toString('hex')}`;
}

/** The name that `ref` names its key by, if it does. */
export function nameOf(ref: KeyRef): string | undefined {
  return ref.startsWith('name:') ? ref.slice('name:'.length) : undefined;
}

/** The identifier that `ref` names its key by, as UUID text, if it does. */
export function uuidOf(ref: KeyRef): string | undefined {
  if (!ref.startsWith('id:')) return undefined;
  const hex = ref.slice('id:'.length);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
