import type { StoredValue } from '../stored-view';

/** The stored values of a document as rows of a table: path, what the application sees, what the database stores. */
export function viewRows(
  document: { get(path: string): unknown },
  values: readonly StoredValue[],
): string[][] {
  return values.map((value) => [value.path, seenText(document.get(value.path)), storedText(value)]);
}

function seenText(seen: unknown): string {
  const plain: unknown = JSON.parse(JSON.stringify(seen ?? ''));
  if (typeof plain === 'string') return plain;
  return Object.values(plain as object).join(', ');
}

function storedText(value: StoredValue): string {
  if ('clear' in value) return value.clear;
  const { algorithm, dataKey, bytes, base64 } = value.ciphertext;
  return `${algorithm} · ${dataKey} · ${bytes} bytes\n${base64}`;
}
