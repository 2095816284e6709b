import { element } from './element.js';

/** A patient, twice: each value as the application sees it, beside what the database stores. */
export function patientCard(patient, stored, { onChange, onDelete }) {
  const title = element('h3', { id: `patient-${patient._id}` }, patient.name);
  return element(
    'article.card',
    { 'aria-labelledby': title.id },
    element(
      'header',
      {},
      title,
      element(
        'button.quiet',
        { onclick: onChange, 'aria-label': `Change ${patient.name}` },
        'Change',
      ),
      element(
        'button.quiet',
        { onclick: onDelete, 'aria-label': `Delete ${patient.name}` },
        'Delete',
      ),
    ),
    element(
      'table',
      { 'aria-labelledby': title.id },
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          element('th', { scope: 'col' }, 'Path'),
          element('th', { scope: 'col' }, 'What the application sees'),
          element('th', { scope: 'col' }, 'What the database stores'),
        ),
      ),
      element('tbody', {}, ...stored.map((value) => row(patient, value))),
    ),
  );
}

function row(patient, value) {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, value.path),
    element(
      'td.seen',
      { 'data-label': 'Application' },
      seenText(valueAt(patient, value.path), value.path),
    ),
    element(
      'td.stored',
      { 'data-label': 'Database' },
      'clear' in value ? value.clear : ciphertext(value.ciphertext),
    ),
  );
}

function ciphertext({ algorithm, dataKey, bytes, base64 }) {
  return element(
    'span.ciphertext',
    {},
    element(`span.badge.${algorithm.toLowerCase()}`, {}, algorithm),
    element('span.facts', {}, `key ${dataKey} · ${bytes} bytes`),
    element('code', {}, base64),
  );
}

function valueAt(patient, path) {
  return path.split('.').reduce((value, key) => value?.[key], patient);
}

function seenText(value, path) {
  if (value === undefined || value === null) return '–';
  if (path === 'birthDate')
    return new Date(value).toLocaleDateString('en', { dateStyle: 'long', timeZone: 'UTC' });
  if (typeof value !== 'object') return String(value);
  const parts = Object.values(value);
  return parts.length > 0 ? parts.join(', ') : 'none';
}
