/** How people name environment variables that hold secrets. */
const SECRET_NAME = /key|secret|token|pass|pwd|credential|private|auth|ur[il]/i;
/** What is shorter is as likely to stand in a message by chance. */
const MIN_LENGTH = 8;
/** The user and password of a connection string or a proxy; what should be escaped in them may not be. */
const CREDENTIALS = /(\w+:\/\/)\S*@/g;
/** What the driver says of a host: the user and password, where a connection string has no host. Source: its utils.ts 7.8. */
const UNPARSED_HOST = /Unable to parse .* with URL/g;
/** The parser quotes from the text, which may be the file of a key. Source: V8, messages of JSON.parse. */
const UNPARSED_JSON = /(?:Unexpected token .*?)?".*" is not valid JSON/gs;

/**
 * `text` without secrets that others may have put there: the credentials of addresses, what `JSON.parse` quotes, and the values of
 * environment variables whose names tell that they are secret, in whose place their names stand.
 */
export function withhold(text: string): string {
  const secrets = Object.entries(process.env)
    .filter(([name, value = '']) => SECRET_NAME.test(name) && value.length >= MIN_LENGTH)
    .sort(([, one = ''], [, other = '']) => other.length - one.length);
  return secrets
    .reduce((shown, [name, value = '']) => shown.replaceAll(value, () => `$${name}`), text)
    .replace(CREDENTIALS, '$1')
    .replace(UNPARSED_HOST, 'Unable to parse a host with URL')
    .replace(UNPARSED_JSON, 'the text is not valid JSON');
}
