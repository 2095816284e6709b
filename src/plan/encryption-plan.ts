import type { AlgorithmName } from '../declaration/algorithm';
import type { KeyRule } from './key-rule';

/**
 * What the value of an encrypted field is. It fixes the BSON type that is encrypted, so that equal values have equal
 * deterministic ciphertext. `Object`, `Array` and `Map` occur with `whole` only.
 */
export type FieldType =
  | 'String'
  | 'Number'
  | 'Int32'
  | 'Double'
  | 'BigInt'
  | 'Decimal128'
  | 'Boolean'
  | 'Date'
  | 'ObjectId'
  | 'UUID'
  | 'Buffer'
  | 'Mixed'
  | 'Union'
  | 'Object'
  | 'Array'
  | 'Map';

/** A declared encrypted field. */
export interface EncryptedField {
  /** The path in the schema, without array positions; the values of a Map are `path.$*`. */
  readonly path: string;
  readonly algorithm: AlgorithmName;
  /** The name of the data key, or how it is found for each document. */
  readonly keyAltName: KeyRule;
  /** Whether a subdocument, array, Map or Mixed is encrypted as one value. */
  readonly whole: boolean;
  /** The type of what is encrypted: an element's where an array is encrypted element by element. */
  readonly type: FieldType;
}

/** One encrypted value stands here. */
export interface FieldNode {
  readonly kind: 'field';
  readonly field: EncryptedField;
}

/** An object stands here that holds encrypted fields, at some depth. */
export interface ObjectNode {
  readonly kind: 'object';
  /** The keys with encrypted values below them; every other key is clear. */
  readonly children: ReadonlyMap<string, PlanNode>;
  /** What every key not in `children` holds: the values of a Map. */
  readonly rest: PlanNode | undefined;
  /** The aliases of keys with encrypted values; what is stored under them is not encrypted. */
  readonly aliases?: ReadonlyMap<string, EncryptedField> | undefined;
  /** Whether its keys may be dotted paths to what it describes, as where a change stream tells what an update changed. */
  readonly keyedByPaths?: true | undefined;
  /** The model whose documents these are, where they are not those of the model that asks. */
  readonly model?: string | undefined;
}

/** An array stands here, of encrypted values or of things that hold them. */
export interface ArrayNode {
  readonly kind: 'array';
  readonly element: PlanNode;
}

export type PlanNode = FieldNode | ObjectNode | ArrayNode;

/** What is encrypted in the documents of a model, frozen; built once, read by every operation. */
export interface EncryptionPlan {
  /** The model's name, or what stands for it in messages while there is only a schema. */
  readonly name: string;
  readonly root: ObjectNode;
  /** Every encrypted field, in the schema's order; none makes the plan empty. */
  readonly fields: readonly EncryptedField[];
  /** The schema's version key, where it has one. */
  readonly versionKey: string | undefined;
}
