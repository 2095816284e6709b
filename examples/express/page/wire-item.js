import { element } from './element.js';

const CIPHERTEXT = /("‹ciphertext · \w+ · \d+ bytes›")/;

/** A command that went over the wire; its ciphertexts stand out. */
export function wireItem({ command, collection, text }, isOpen) {
  return element(
    'li',
    {},
    element(
      'details',
      { open: isOpen },
      element(
        'summary',
        {},
        element('strong', {}, command),
        ' ',
        element('span.muted', {}, collection),
      ),
      element('pre', {}, ...text.split(CIPHERTEXT).map(marked)),
    ),
  );
}

function marked(part) {
  if (!CIPHERTEXT.test(part)) return part;
  const algorithm = part.includes('Deterministic') ? 'deterministic' : 'random';
  return element(`span.badge.${algorithm}`, {}, part.replaceAll('"', '').replaceAll(/[‹›]/g, ''));
}
