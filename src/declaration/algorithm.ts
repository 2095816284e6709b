/**
 * The two algorithms of client-side field level encryption, by their short names.
 *
 * Source: MongoDB's client-side encryption specification, "EncryptOpts.algorithm".
 */
export const Algorithm = {
  Deterministic: 'AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic',
  Random: 'AEAD_AES_256_CBC_HMAC_SHA_512-Random',
} as const;

/** The short name of an algorithm; the only form used inside. */
export type AlgorithmName = keyof typeof Algorithm;

/** How a developer may name an algorithm: short, or as libmongocrypt does. */
export type Algorithm = AlgorithmName | (typeof Algorithm)[AlgorithmName];

/** The short name of `algorithm`, or undefined where it names none. */
export function algorithmNameOf(algorithm: unknown): AlgorithmName | undefined {
  const names = Object.keys(Algorithm) as AlgorithmName[];
  return names.find((name) => name === algorithm || Algorithm[name] === algorithm);
}
