import { type Model, type mongo, Schema } from 'mongoose';
import { CIPHERTEXT } from '../report/find-figures';
import { fieldsOf, type Person } from '../workload';
import { openByHand } from './by-hand';
import type { ModelContender } from './model-contender';
import { connect, type ContenderOptions } from './mongoose-contender';

type Given = Pick<ModelContender, 'name' | 'clear' | 'insertMany' | 'close'>;

/**
 * A model without encryption that writes what somebody else has encrypted of `people`: what encryption adds to a write is the time above
 * this one's, since longer documents take longer to send and to store, whoever encrypts them.
 */
export async function openGivenCiphertext(
  options: ContenderOptions,
  people: readonly Person[],
): Promise<Given> {
  const connection = await connect(options.place);
  const paths = fieldsOf(options.fields).map((field) => [field, Schema.Types.Mixed]);
  const schema = new Schema({ name: String, ...Object.fromEntries(paths) });
  const People = connection.model('Person', schema, options.collection) as Model<object>;
  const byHand = await openByHand(options);
  await byHand.insertMany(people);
  const { collection } = People;
  const ciphertexts = await collection.find({}, { projection: { _id: 0, __v: 0 } }).toArray();
  await byHand.close();
  return {
    name: CIPHERTEXT,
    clear: async () => {
      await People.deleteMany({});
    },
    insertMany: async () => {
      await People.insertMany(ciphertexts as mongo.Document[]);
    },
    close: () => connection.close(),
  };
}
