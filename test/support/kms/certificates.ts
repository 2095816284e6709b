import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { md, pki } from 'node-forge';

/** A certificate and its key, as text and in files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** A file with both. */
  readonly file: string;
}

/** What a certificate is for. */
export interface CertificateSubject {
  readonly hosts?: readonly string[];
  readonly expired?: boolean;
  /** Encrypts the key in the file. */
  readonly password?: string;
}

/** An authority that issues certificates, with its files in a folder of its own. */
export interface Authority {
  readonly ca: string;
  readonly caFile: string;
  issue(subject: CertificateSubject): Certificate;
  /** Removes the files. */
  remove(): void;
}

const DAY = 24 * 60 * 60 * 1000;
const DNS = 2;
const IP = 7;

/** An authority that nobody else knows. */
export function createAuthority(name: string): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'mongoose-fle-certificates-'));
  const { privateKey, certificate } = certified([{ name: 'commonName', value: name }], false);
  certificate.setIssuer(certificate.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, critical: true },
  ]);
  certificate.sign(pki.privateKeyFromPem(privateKey), md.sha256.create());
  const ca = pki.certificateToPem(certificate);
  const write = (text: string): string => {
    const path = join(folder, `${randomBytes(4).toString('hex')}.pem`);
    writeFileSync(path, text);
    return path;
  };
  return {
    ca,
    caFile: write(ca),
    issue: ({ hosts = [], expired = false, password }) => {
      const issued = certified([{ name: 'commonName', value: hosts[0] ?? 'client' }], expired);
      issued.certificate.setIssuer(certificate.subject.attributes);
      issued.certificate.setExtensions([
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
        { name: 'subjectAltName', altNames: hosts.map(altName) },
      ]);
      issued.certificate.sign(pki.privateKeyFromPem(privateKey), md.sha256.create());
      const cert = pki.certificateToPem(issued.certificate);
      const key = issued.privateKey;
      const kept =
        password === undefined
          ? key
          : pki.encryptRsaPrivateKey(pki.privateKeyFromPem(key), password);
      return { cert, key, file: write(`${cert}${kept}`) };
    },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

interface Certified {
  readonly privateKey: string;
  readonly certificate: pki.Certificate;
}

function certified(subject: pki.CertificateField[], expired: boolean): Certified {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(
    String(publicKey.export({ type: 'spki', format: 'pem' })),
  );
  certificate.serialNumber = `01${randomBytes(8).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - 10 * DAY);
  certificate.validity.notAfter = new Date(Date.now() + (expired ? -1 : 10) * DAY);
  certificate.setSubject(subject);
  return {
    certificate,
    privateKey: String(privateKey.export({ type: 'pkcs1', format: 'pem' })),
  };
}

function altName(host: string): object {
  return /^[\d.]+$/.test(host) ? { type: IP, ip: host } : { type: DNS, value: host };
}
