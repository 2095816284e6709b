// One application from start to end, in a process of its own: it must end by itself.
import mongoose, { Schema } from 'mongoose';
import { fieldEncryption } from '../../../src/index';

const [uri = '', port = '', tlsCAFile = ''] = process.argv.slice(2);
const fle = fieldEncryption({
  kmsProviders: { aws: { accessKeyId: 'AKIA1', secretAccessKey: 'sentinel-secret' } },
  tlsOptions: { aws: { tlsCAFile } },
  dataKeys: {
    '*': {
      provider: 'aws',
      masterKey: { region: 'us-east-1', key: 'arn', endpoint: `127.0.0.1:${port}` },
    },
  },
  keyVaultNamespace: `${new URL(uri).pathname.slice(1)}.__keyVault`,
  kmsTimeoutMS: 500,
});

async function main(): Promise<void> {
  await mongoose.connect(uri);
  const encrypted = { algorithm: 'Deterministic', keyAltName: 'patients' };
  const schema = new Schema<{ ssn: string }>({ ssn: { type: String, encrypted } as never });
  schema.plugin(fle);
  const Patients = mongoose.model('Patient', schema);
  const outcome = await Patients.create({ ssn: '1' }).then(
    () => Patients.findOne({ ssn: '1' }).lean(),
    (error: unknown) => error,
  );
  const { ssn, code } = outcome as { ssn?: string; code?: string };
  await fle.close(mongoose.connection);
  await mongoose.disconnect();
  console.log(
    ssn ?? code,
    process.getActiveResourcesInfo().filter((name) => /TCP|TLS/.test(name)).length,
  );
}

void main();
