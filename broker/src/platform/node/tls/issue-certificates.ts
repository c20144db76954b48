// The library's containers ask for it.
import 'reflect-metadata'
import { createPrivateKey, X509Certificate as NodeCertificate, webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { TailraceError } from '@tailrace/schemas'

/** A certificate and its private key, in PEM form. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

export interface CertificateRequest {
  readonly commonName: string
  readonly dnsNames: readonly string[]
  readonly addresses: readonly string[]
  /** Servers also connect to each other. */
  readonly use: 'server and client' | 'client'
  readonly days: number
}

/** P-256: what every TLS library and browser takes. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 86_400_000
/** Clocks of other machines may be behind. */
const backdatedMs = 3_600_000

cryptoProvider.set(webcrypto as Crypto)

/** A CA with a key of its own, that may sign certificates of ends, and no CAs. */
export async function createAuthority(commonName: string, days: number, now: number): Promise<Issued> {
  const keys = await newKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(now + days * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { cert: pemText(certificate.toString('pem')), key: await keyText(keys.privateKey) }
}

/** @throws TailraceError INVALID_SETTING: the authority's certificate or key is not in a form that can be read */
export async function issueCertificate(authority: Issued, request: CertificateRequest, now: number): Promise<Issued> {
  const { issuer, signingKey } = await readAuthority(authority)
  const keys = await newKeys()
  const usage =
    request.use === 'client'
      ? [ExtendedKeyUsage.clientAuth]
      : [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]
  const names: JsonGeneralName[] = [
    ...request.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...request.addresses.map((value) => ({ type: 'ip' as const, value })),
  ]
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(usage),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer),
  ]
  if (names.length > 0) extensions.push(new SubjectAlternativeNameExtension(names))
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [request.commonName] }],
    issuer: issuer.subjectName,
    notBefore: new Date(now - backdatedMs),
    // No client takes a certificate that outlives its CA.
    notAfter: new Date(Math.min(now + request.days * dayMs, issuer.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions,
  })
  return { cert: pemText(certificate.toString('pem')), key: await keyText(keys.privateKey) }
}

async function readAuthority({ cert, key }: Issued): Promise<{ issuer: X509Certificate; signingKey: CryptoKey }> {
  try {
    if (!new NodeCertificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error('its key is another one')
    const [der] = PemConverter.decode(key)
    const signingKey = await webcrypto.subtle.importKey('pkcs8', der!, algorithm, false, ['sign'])
    return { issuer: new X509Certificate(cert), signingKey: signingKey as CryptoKey }
  } catch (error) {
    const detail = 'The CA is no certificate with a P-256 key in PKCS #8, as "tailrace certs create" makes it.'
    throw new TailraceError('INVALID_SETTING', detail, { cause: error })
  }
}

async function newKeys(): Promise<CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair
}

/** 127 random bits, as positive and of a length that every library takes. */
function newSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16))
  bytes[0] = (bytes[0]! & 0x3f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

async function keyText(key: CryptoKey): Promise<string> {
  return pemText(
    PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key as webcrypto.CryptoKey), 'PRIVATE KEY'),
  )
}

function pemText(pem: string): string {
  return `${pem.trim()}\n`
}
