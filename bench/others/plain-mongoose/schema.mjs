/** No encryption: the Mongoose that mongoose-fle is measured with. */
export function buildSchema(_require, mongoose, fields) {
  const texts = Object.fromEntries(fields.map((field) => [field, String]));
  return new mongoose.Schema({ name: String, ...texts });
}
