/* global document */

/**
 * Makes an element. Text is set as text, never as markup.
 *
 * @param {string} tag the name, with classes after dots: `span.badge`
 * @param {Record<string, unknown>} properties of the element; those with a dash become attributes
 * @param {...(Node | string)} children
 */
export function element(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const made = document.createElement(name);
  made.classList.add(...classes);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes('-')) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}
