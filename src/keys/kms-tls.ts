import { type SecureContext, createSecureContext } from 'node:tls';
import { InvalidKmsConfigError } from '../errors';
import { kindOf } from './kind-of';
import { type FieldTable, checkedObject, optional, readFields, text } from './providers/fields';

/** How a provider is reached by TLS. There is no way to leave its certificate unchecked. Source: the driver's kms_options.ts. */
export interface KmsTlsOptions {
  /** The path of a file with the certificates (PEM) that are trusted, in place of those that Node trusts. */
  readonly tlsCAFile?: string | undefined;
  /** The path of a file with the certificate of the application and its private key (PEM). */
  readonly tlsCertificateKeyFile?: string | undefined;
  /** What that private key is encrypted with. */
  readonly tlsCertificateKeyFilePassword?: string | undefined;
  /** All of the above, read already: what `tls.createSecureContext` made. */
  readonly secureContext?: SecureContext | undefined;
}

const TLS: FieldTable = {
  tlsCAFile: optional(text('the path of the file')),
  tlsCertificateKeyFile: optional(text('the path of the file')),
  tlsCertificateKeyFilePassword: optional(text('the password')),
  secureContext: {
    required: false,
    remedy: 'Give what tls.createSecureContext makes.',
    faultOf: (value) =>
      isSecureContext(value) ? undefined : `the value is ${kindOf(value)}, not a secure context.`,
  },
};

/** The class is public under no name that Node's types know. */
function isSecureContext(value: unknown): boolean {
  const { constructor } = createSecureContext();
  return value instanceof constructor;
}

/** Source: the driver's state_machine.ts, and the options of `tls.connect` that would do the same. */
const INSECURE: readonly string[] = [
  'tlsInsecure',
  'tlsAllowInvalidCertificates',
  'tlsAllowInvalidHostnames',
  'rejectUnauthorized',
  'checkServerIdentity',
];

/**
 * Reads the option `tlsOptions`.
 *
 * @param providers The names of the providers that are configured.
 * @throws {InvalidKmsConfigError} naming the provider and the option that is wrong, never its value.
 */
export function readTlsOptions(
  given: unknown,
  providers: readonly string[],
): ReadonlyMap<string, KmsTlsOptions> {
  const tls = new Map<string, KmsTlsOptions>();
  for (const [name, options] of Object.entries(checkedObject(given, 'tlsOptions') ?? {})) {
    if (options === undefined) continue;
    const where = `tlsOptions.${name}`;
    if (!providers.includes(name)) {
      throw new InvalidKmsConfigError({
        where,
        wrong: 'kmsProviders configures no such provider.',
        remedy: `Give one of ${providers.join(', ')}.`,
      });
    }
    const fields = checkedObject(options, where) ?? {};
    const insecure = INSECURE.find((option) => option in fields);
    if (insecure !== undefined) {
      throw new InvalidKmsConfigError({
        where: `${where}.${insecure}`,
        wrong: 'a KMS whose certificate is not checked may be anybody.',
        remedy: 'Leave it out; name the certificates that are to be trusted in tlsCAFile.',
      });
    }
    refuseBoth(fields, where);
    tls.set(name, readFields(fields, TLS, where));
  }
  return tls;
}

/** Beside a secure context, `tls.connect` passes over the files without a word: other certificates would be trusted. */
function refuseBoth(fields: object, where: string): void {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const file = given.map(([name]) => name).find((name) => name.startsWith('tls'));
  if (file === undefined || !given.some(([name]) => name === 'secureContext')) return;
  throw new InvalidKmsConfigError({
    where: `${where}.${file}`,
    wrong: 'a secureContext stands beside it, which would be used in its place.',
    remedy:
      'Give either the files or a secureContext, which tls.createSecureContext makes of them.',
  });
}
