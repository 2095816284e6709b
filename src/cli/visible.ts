/** What a terminal would obey instead of showing it. */
const OBEYED = /[\p{Cc}\p{Bidi_Control}]/gu;

/** `text` with what a terminal would obey written out: the names of keys may come from the users of an application. */
export function visible(text: string): string {
  return text.replace(OBEYED, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${code}`;
  });
}
