import type { SchemaInternals } from './mongoose-schema';
import type { ReservedPath, ReservedRole } from './schema-shape';

/** The paths of `schema` that Mongoose or the server uses by itself. */
export function readReserved({ options, $timestamps = {} }: SchemaInternals): ReservedPath[] {
  const { timeField, metaField } = objectOf(options['timeseries']);
  return [
    ...asRole('_id', ['_id']),
    ...asRole('discriminator key', [options['discriminatorKey']]),
    ...asRole('version key', [versionKeyOf(options)]),
    ...asRole('timestamp', Object.values($timestamps)),
    ...asRole('shard key', Object.keys(objectOf(options['shardKey'] ?? options['shardkey']))),
    ...asRole('time series field', [timeField, metaField]),
  ];
}

/** The schema's version key; undefined where it has none. */
export function versionKeyOf(options: Readonly<Record<string, unknown>>): string | undefined {
  const key = options['versionKey'];
  return typeof key === 'string' && key !== '' ? key : undefined;
}

function asRole(role: ReservedRole, paths: readonly unknown[]): ReservedPath[] {
  return paths.filter((path) => typeof path === 'string').map((path) => ({ path, role }));
}

function objectOf(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? value : {};
}
