import {
  type AnyFleError,
  FleError,
  type FleErrorCode,
  type FleErrorFacts,
  isFleError,
  KeyNotFoundError,
} from '../../src/index';
import { check, type Equals } from './equals';

declare const caught: unknown;

if (isFleError(caught)) {
  check<Equals<typeof caught, AnyFleError>>();
  switch (caught.code) {
    case 'FLE_KEY_NOT_FOUND':
      check<Equals<typeof caught, KeyNotFoundError>>();
      check<Equals<typeof caught.keyAltName, string | undefined>>();
      break;
    // @ts-expect-error no such code
    case 'FLE_NOT_A_CODE':
      break;
    default:
      caught.code satisfies Exclude<FleErrorCode, 'FLE_KEY_NOT_FOUND'>;
  }
}

function handled(error: AnyFleError): string {
  switch (error.code) {
    case 'FLE_INVALID_DECLARATION':
    case 'FLE_UNENCRYPTABLE_TYPE':
    case 'FLE_NOTHING_ENCRYPTED':
    case 'FLE_INVALID_OPTIONS':
    case 'FLE_INVALID_KMS_CONFIG':
    case 'FLE_MISSING_DEPENDENCY':
    case 'FLE_MODEL_NOT_BOUND':
      return 'configuration';
    case 'FLE_UNSUPPORTED_FILTER':
    case 'FLE_UNSUPPORTED_UPDATE':
    case 'FLE_UNSUPPORTED_STAGE':
    case 'FLE_UNSUPPORTED_OPERATION':
    case 'FLE_INVALID_VALUE':
    case 'FLE_CIPHERTEXT_GIVEN':
      return 'operation';
    case 'FLE_KEY_UNRESOLVED':
    case 'FLE_KEY_NOT_FOUND':
    case 'FLE_DUPLICATE_KEY_NAME':
    case 'FLE_KEY_NAME_TAKEN':
    case 'FLE_KEY_IN_USE':
    case 'FLE_REWRAP_FAILED':
    case 'FLE_KEY_VAULT_INDEX':
    case 'FLE_CLI_USAGE':
    case 'FLE_CLI_CONFIG':
    case 'FLE_KEY_VAULT_UNAVAILABLE':
    case 'FLE_KMS_REQUEST_FAILED':
    case 'FLE_HANDLE_CLOSED':
      return 'keys';
    case 'FLE_ENCRYPTION_FAILED':
    case 'FLE_DECRYPTION_FAILED':
    case 'FLE_PLAINTEXT_FOUND':
      return error.path ?? 'values';
    default:
      return error satisfies never;
  }
}

check<Equals<KeyNotFoundError['code'], 'FLE_KEY_NOT_FOUND'>>();
check<Equals<FleErrorCode, AnyFleError['code']>>();
check<Equals<FleErrorFacts['model'], string | undefined>>();
handled(new KeyNotFoundError({ wrong: 'a.', remedy: 'b.' })) satisfies string;
if (caught instanceof FleError) check<Equals<typeof caught.code, string>>();
// @ts-expect-error it is the base of all, and of no code
new FleError({ wrong: 'a.', remedy: 'b.' });
