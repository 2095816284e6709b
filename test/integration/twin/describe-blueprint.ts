import type { Blueprint, Field, Fields, Seal, Shape } from './blueprint';

/** `blueprint` in a few short lines: `a: [String] Deterministic one`. */
export function describeBlueprint({ fields, special, options, joins = [] }: Blueprint): string {
  const lines = [linesOf(fields, '  ')];
  if (special !== undefined) lines.push('  Special adds', linesOf(special, '    '));
  if (Object.keys(options).length > 0) lines.push(`  ${JSON.stringify(options)}`);
  lines.push(...joins.map((join) => `  ${JSON.stringify(join)}`));
  return lines.join('\n');
}

function linesOf(fields: Fields, indent: string): string {
  return Object.entries(fields)
    .map(([name, field]) => `${indent}${name}: ${describeField(field, indent)}`)
    .join('\n');
}

function describeField({ shape, seal, traits }: Field, indent: string): string {
  const words = [describeShape(shape), sealOf(seal), traits && JSON.stringify(traits)];
  const line = words.filter((word) => word !== undefined && word !== '').join(' ');
  return 'fields' in shape ? `${line}\n${linesOf(shape.fields, `${indent}  `)}` : line;
}

function describeShape(shape: Shape): string {
  switch (shape.kind) {
    case 'scalar':
      return shape.type;
    case 'list':
      return `[${shape.type}]`;
    case 'map':
      return `Map of ${shape.type}`;
    default:
      return shape.kind;
  }
}

function sealOf(seal: Seal | undefined): string {
  if (seal === undefined) return '';
  return `${seal.whole === true ? 'whole ' : ''}${seal.algorithm} ${seal.keyAltName}`;
}
