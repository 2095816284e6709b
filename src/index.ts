export { Undecryptable } from './codec/undecryptable';
export { Algorithm } from './declaration/algorithm';
export { Encrypted } from './declaration/encrypted';
export { fieldEncryption } from './mongoose/field-encryption';
export {
  FleError,
  CiphertextGivenError,
  CliConfigError,
  CliUsageError,
  DecryptionFailedError,
  DuplicateKeyNameError,
  EncryptionFailedError,
  HandleClosedError,
  InvalidDeclarationError,
  InvalidKmsConfigError,
  InvalidOptionsError,
  InvalidValueError,
  KeyInUseError,
  KeyNameTakenError,
  KeyNotFoundError,
  KeyUnresolvedError,
  KeyVaultIndexError,
  KeyVaultUnavailableError,
  KmsRequestError,
  MissingDependencyError,
  ModelNotBoundError,
  NothingEncryptedError,
  PlaintextFoundError,
  RewrapFailedError,
  UnencryptableTypeError,
  UnsupportedFilterError,
  UnsupportedOperationError,
  UnsupportedStageError,
  UnsupportedUpdateError,
  isFleError,
} from './errors';
export type { AlgorithmName } from './declaration/algorithm';
export type { EncryptedOptions } from './declaration/declaration';
export type { KeyAltName, KeyContext, KeyFunction, KeyPointer } from './declaration/key-source';
export type { AnyFleError, FleErrorCode, FleErrorFacts } from './errors';
export type { BootstrapOptions, BootstrapReport } from './keys/bootstrap-keys';
export type { Check } from './keys/diagnose-keys';
export type { ExplicitEncryption } from './keys/explicit-encryption';
export type { KeySelector } from './keys/find-key';
export type { KeyUse, UseGuard } from './keys/key-use';
export type { KeyVaultHandle } from './keys/key-vault-handle';
export type { CreateKeyOptions } from './keys/make-key';
export type { RewrapOptions, RewrapProgress, RewrapReport } from './keys/rewrap-keys';
export type { VaultKey } from './keys/vault-key';
export type { CreateMissingKeys, KeyOptions } from './keys/key-config';
export type { DataKeys, MasterKeyChoice } from './keys/data-keys';
export type {
  AwsTemporaryCredentials,
  CredentialProviders,
  KmsConnectCallback,
  KmsNetworkOptions,
  KmsProxyOptions,
} from './keys/kms-network';
export type { KmsProviderName, KmsProviders, OnDemandCredentials } from './keys/kms-providers';
export type { KmsTlsOptions } from './keys/kms-tls';
export type { AwsCredentials, AwsMasterKey } from './keys/providers/aws';
export type { AzureAccessToken, AzureCredentials, AzureMasterKey } from './keys/providers/azure';
export type {
  GcpAccessToken,
  GcpCredentials,
  GcpKeyFile,
  GcpMasterKey,
} from './keys/providers/gcp';
export type { KmipCredentials, KmipMasterKey } from './keys/providers/kmip';
export type { LocalCredentials, LocalMasterKey } from './keys/providers/local';
export type {
  DeclaringModel,
  FieldEncryption,
  FieldEncryptionHandle,
  FieldEncryptionOptions,
} from './mongoose/field-encryption';
export type { Diagnosis } from './mongoose/diagnose';
export type { PluginOptions } from './mongoose/plugin';
export type { EncryptedPath } from './plan/encrypted-paths';
