import { refusalOf } from '../../../src/keys/kms/answer';

const wordIn = (body: object): string | undefined =>
  refusalOf({ status: 400, body: Buffer.from(JSON.stringify(body)) });

describe('the word of a refusal', () => {
  it.each([
    [{ __type: 'com.amazonaws.kms#AccessDeniedException' }, 'AccessDeniedException'],
    [{ error: { code: 'Forbidden', message: 'sentinel' } }, 'Forbidden'],
    [{ error: { code: 403, status: 'PERMISSION_DENIED' } }, 'PERMISSION_DENIED'],
    [{ error: 'invalid_grant', error_description: 'sentinel' }, 'invalid_grant'],
  ])('is the one that the KMS gives: %j', (body, word) => {
    expect(wordIn(body)).toBe(word);
  });

  it.each([
    'AKIAIOSFODNN7EXAMPLE',
    'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY',
    'it has several words',
    'ab',
    'a'.repeat(61),
  ])('is none that may be a credential: %s', (error) => {
    expect(wordIn({ error })).toBeUndefined();
    expect(wordIn({ __type: `x#${error}` })).toBeUndefined();
  });
});
