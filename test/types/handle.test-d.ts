import mongoose, {
  type Connection,
  type HydratedDocument,
  type Model,
  type mongo,
  Schema,
} from 'mongoose';
import {
  type AlgorithmName,
  type BootstrapReport,
  type CreateMissingKeys,
  type DeclaringModel,
  type EncryptedPath,
  type ExplicitEncryption,
  type FieldEncryption,
  fieldEncryption,
  type FieldEncryptionHandle,
  type FieldEncryptionOptions,
  type KeyAltName,
  type KeyContext,
  type KeyFunction,
  type KeyPointer,
} from '../../src/index';
import { check, type Equals } from './equals';

const connection: Connection = mongoose.connection;
const key = Buffer.alloc(96);

// The options.
const fle = fieldEncryption({ kmsProviders: { local: { key } } });
check<Equals<typeof fle, FieldEncryption>>();
fieldEncryption({ kmsProviders: { local: { key: process.env['FLE_MASTER_KEY'] } } });
fieldEncryption({ kmsProviders: { local: { key: new mongoose.mongo.Binary(key) } } });
fieldEncryption({
  kmsProviders: { local: { key: 'base64' } },
  keyVaultNamespace: 'encryption.__keyVault',
  createMissingKeys: 'all',
  keyExpirationMS: 0,
  plaintext: 'read',
});
fieldEncryption({
  kmsProviders: { local: { key } },
  keyVaultNamespace: undefined,
  createMissingKeys: undefined,
  keyExpirationMS: undefined,
  plaintext: undefined,
} satisfies FieldEncryptionOptions);
check<Equals<CreateMissingKeys, 'declared' | 'all' | false>>();
// @ts-expect-error KMS providers are needed
fieldEncryption({});
fieldEncryption({
  kmsProviders: {
    aws: {},
    'aws:eu': { accessKeyId: process.env['ID'], secretAccessKey: process.env['SECRET'] },
    azure: { tenantId: '', clientId: '', clientSecret: '' },
    gcp: { email: '', privateKey: '' },
    kmip: { endpoint: '' },
  },
  dataKeys: {
    '*': { provider: 'local' },
    'eu:*': { provider: 'aws:eu', masterKey: { region: 'eu-central-1', key: 'arn' } },
  },
  credentialProviders: { aws: () => Promise.resolve({ accessKeyId: '', secretAccessKey: '' }) },
  tlsOptions: { kmip: { tlsCertificateKeyFile: 'client.pem' } },
  kmsTimeoutMS: 1000,
  kmsRetries: 0,
});
// @ts-expect-error no such provider
fieldEncryption({ kmsProviders: { vault: {} } });
// @ts-expect-error a field is missing
fieldEncryption({ kmsProviders: { 'aws:eu': { accessKeyId: '' } } });
fieldEncryption({
  kmsProviders: { aws: {} },
  // @ts-expect-error a master key of another provider
  dataKeys: { '*': { provider: 'aws', masterKey: { keyName: 'k', keyVaultEndpoint: 'h.de' } } },
});
// @ts-expect-error an insecure option
fieldEncryption({ kmsProviders: { aws: {} }, tlsOptions: { aws: { tlsInsecure: true } } });
// @ts-expect-error the local provider needs a key
fieldEncryption({ kmsProviders: { local: {} } });
// @ts-expect-error no such option
fieldEncryption({ kmsProviders: { local: { key } }, keyvaultNamespace: 'a.b' });
// @ts-expect-error no such choice
fieldEncryption({ kmsProviders: { local: { key } }, createMissingKeys: true });
// @ts-expect-error no such choice
fieldEncryption({ kmsProviders: { local: { key } }, plaintext: 'ignore' });

// The plugin.
class Patient {
  name!: string;
  ssn!: string;
}
interface Methods {
  initials(): string;
}
interface Statics {
  findBySsn(ssn: string): Promise<Patient | null>;
}
new Schema<Patient>({ name: String, ssn: String }).plugin(fle, { class: Patient });
new Schema<Patient>({ name: String, ssn: String }).plugin(fle, { class: () => Patient });
new Schema({ name: String, ssn: String }).plugin(fle, { class: Patient });
new Schema({ name: String, ssn: { type: String, required: true } }).plugin(fle);
new Schema<Patient, Model<Patient>, Methods>({ name: String }).plugin(fle, { class: Patient });
new Schema<Patient, Model<Patient> & Statics>({ name: String }, { timestamps: true }).plugin(fle);
new Schema(
  { name: String },
  { methods: { initials: () => 'A' }, virtuals: { shout: { get: () => 'A' } } },
).plugin(fle);
mongoose.plugin(fle);
connection.plugin(fle);
fle(new Schema({ name: String }));
// @ts-expect-error no such option
new Schema({ name: String }).plugin(fle, { klass: Patient });
// @ts-expect-error an instance is no class
new Schema({ name: String }).plugin(fle, { class: new Patient() });
// @ts-expect-error options need to be an object
new Schema({ name: String }).plugin(fle, Patient);

// A schema keeps its type through the plugin.
const schema = new Schema({ name: String, tags: [String] });
schema.plugin(fle);
const Inferred = mongoose.model('Inferred', schema);
check<Equals<HydratedDocument<mongoose.InferSchemaType<typeof schema>>['tags'], string[]>>();

// The handle, for models of any kind.
const PatientModel = mongoose.model('Patient', new Schema<Patient>({ name: String, ssn: String }));
const WithMethods = mongoose.model(
  'WithMethods',
  new Schema<Patient, Model<Patient, object, Methods>, Methods>({ name: String }),
);
const Loose = mongoose.model('Loose');
fle.encryptedPaths(PatientModel) satisfies EncryptedPath[];
fle.encryptedPaths(WithMethods);
fle.encryptedPaths(Inferred);
fle.encryptedPaths(Loose);
fle.encryptedPaths(PatientModel.discriminator('Child', new Schema({ age: Number })));
PatientModel satisfies DeclaringModel;
function encryptedPathsOf<T>(model: Model<T>): EncryptedPath[] {
  return fle.encryptedPaths(model);
}
encryptedPathsOf(PatientModel);
// @ts-expect-error a schema is no model
fle.encryptedPaths(schema);
// @ts-expect-error a document is no model
fle.encryptedPaths(new PatientModel());

// What runs in a context resolves to what its callback gives, queries included.
check<Equals<ReturnType<typeof runs>, Promise<number>>>();
function runs(): Promise<number> {
  return fle.run({ tenantId: 'acme' }, () => PatientModel.countDocuments());
}
check<Equals<KeyContext['context'], unknown>>();
check<Equals<KeyAltName, string | KeyPointer | KeyFunction>>();
// @ts-expect-error what is run is a function
void fle.run('acme', PatientModel.find());

check<
  Equals<
    EncryptedPath,
    {
      readonly path: string;
      readonly algorithm: AlgorithmName;
      readonly keyAltName: KeyAltName;
      readonly whole: boolean;
    }
  >
>();
check<Equals<ReturnType<typeof fle.encryptedPaths>, EncryptedPath[]>>();
check<Equals<ReturnType<typeof fle.bootstrapKeys>, Promise<BootstrapReport>>>();
check<
  Equals<
    BootstrapReport,
    { readonly created: string[]; readonly existing: string[]; readonly unused: string[] }
  >
>();
check<Equals<ReturnType<typeof fle.verify>, Promise<void>>>();
check<Equals<ReturnType<typeof fle.close>, Promise<void>>>();
check<Equals<ReturnType<typeof fle.clientEncryption>, Promise<ExplicitEncryption>>>();
check<ExplicitEncryption extends mongo.ClientEncryption ? true : false>();
// @ts-expect-error a connection, not Mongoose itself
void fle.bootstrapKeys(mongoose);

// What is decrypted has the type of what was given.
interface Stored {
  _id: mongo.ObjectId;
  ssn: mongo.Binary;
}
declare const stored: Stored;
const one = fle.decrypt(PatientModel, stored);
check<Equals<typeof one, Promise<Stored>>>();
const many = fle.decrypt(PatientModel, [stored, stored]);
check<Equals<typeof many, Promise<Stored[]>>>();
declare const record: Record<string, unknown>;
const raw = fle.decrypt(PatientModel, record);
check<Equals<typeof raw, Promise<Record<string, unknown>>>>();
const chosen = fle.decrypt<object>(PatientModel, stored);
check<Equals<typeof chosen, Promise<object>>>();
// @ts-expect-error a document, not its text
void fle.decrypt(PatientModel, 'stored');

// The handle without the plugin can be handed on.
fle satisfies FieldEncryptionHandle;
declare const handle: FieldEncryptionHandle;
// @ts-expect-error the plugin is missing
handle satisfies FieldEncryption;
