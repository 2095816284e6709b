import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HttpService, ServiceAnswer, ServiceRequest } from './http-service';
import { createMasterKeys } from './seal';

/** The credentials that the service knows. */
export interface AwsAccount {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** AWS KMS: Encrypt and Decrypt, for requests whose signature it has checked. */
export function awsService(account: AwsAccount): HttpService {
  const masterKeyOf = createMasterKeys();
  return (request) => {
    const target = request.headers['x-amz-target'];
    if (target === undefined) return undefined;
    const fault = signatureFault(request, account);
    if (fault !== undefined) return refused(fault);
    const { KeyId, Plaintext, CiphertextBlob } = JSON.parse(request.body) as Record<string, string>;
    if (target === 'TrentService.Encrypt') {
      const wrapped = masterKeyOf(KeyId ?? '').wrap(Buffer.from(Plaintext ?? '', 'base64'));
      const named = Buffer.concat([Buffer.from(`${KeyId ?? ''}\0`), wrapped]);
      return { status: 200, json: { CiphertextBlob: named.toString('base64'), KeyId } };
    }
    const blob = Buffer.from(CiphertextBlob ?? '', 'base64');
    const end = blob.indexOf(0);
    const name = blob.subarray(0, end).toString();
    try {
      const plain = masterKeyOf(name).unwrap(blob.subarray(end + 1));
      return { status: 200, json: { Plaintext: plain.toString('base64'), KeyId: name } };
    } catch {
      return refused('InvalidCiphertextException');
    }
  };
}

function refused(type: string): ServiceAnswer {
  return { status: 400, json: { __type: type, message: 'sentinel-of-the-answer' } };
}

/** Source: AWS, "Signature Version 4 signing process": the string to sign, and the signing key. */
function signatureFault(
  { method, path, headers, body }: ServiceRequest,
  { accessKeyId, secretAccessKey, sessionToken }: AwsAccount,
): string | undefined {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/kms\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
  const [, id, date = '', region = '', names = '', signature = ''] =
    pattern.exec(headers['authorization'] ?? '') ?? [];
  if (id === undefined) return 'IncompleteSignatureException';
  if (id !== accessKeyId || headers['x-amz-security-token'] !== sessionToken) {
    return 'UnrecognizedClientException';
  }
  const signed = names.split(';').map((name) => `${name}:${headers[name] ?? ''}\n`);
  const canonical = [method, path, '', signed.join(''), names, sha256(body)].join('\n');
  const scope = `${date}/${region}/kms/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = [date, region, 'kms', 'aws4_request'].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  const expected = hmac(key, toSign);
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'))
    ? undefined
    : 'InvalidSignatureException';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
