import type { ReservedPath, ReservedRole } from '../declaration/schema-shape';
import { InvalidDeclarationError } from '../errors';
import type { EncryptedField, ObjectNode } from './encryption-plan';
import { placeFacts, type PlanPlace } from './plan-place';
import { fieldsTouched } from './resolve-path';

interface RoleRow {
  /** What needs the path in clear. */
  readonly reason: string;
  /** Whether the Deterministic algorithm serves the role as well. */
  readonly deterministic?: boolean;
}

const ROLES: Readonly<Record<ReservedRole, RoleRow>> = {
  _id: { reason: 'Mongoose and MongoDB find documents by it' },
  'discriminator key': { reason: 'Mongoose finds the schema of a document by it' },
  'version key': { reason: 'Mongoose counts changes in it' },
  timestamp: { reason: 'Mongoose writes it by itself' },
  'shard key': { reason: 'equal values have to stay on one shard', deterministic: true },
  'time series field': { reason: 'the server groups documents by it' },
};

/**
 * Checks the reserved paths of the schema whose object is `node`, at `place`.
 *
 * @throws {InvalidDeclarationError} One of them is encrypted, or inside or around something encrypted.
 */
export function checkReserved(
  reserved: readonly ReservedPath[],
  node: ObjectNode,
  place: PlanPlace,
): void {
  for (const { path, role } of reserved) {
    const { reason, deterministic = false } = ROLES[role];
    const isWrong = ({ algorithm }: EncryptedField): boolean =>
      !deterministic || algorithm === 'Random';
    const field = fieldsTouched(node, path).find(isWrong);
    if (field === undefined) continue;
    throw new InvalidDeclarationError({
      ...placeFacts({ ...place, path: field.path }),
      wrong: `"${path}" is the ${role}, and has to stay clear: ${reason}.`,
      remedy: deterministic
        ? "Declare it 'Deterministic', or shard by another path."
        : 'Take the declaration off the path.',
    });
  }
}
