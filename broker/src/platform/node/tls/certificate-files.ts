import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { TailraceError } from '@tailrace/schemas'
import { peerCertificateOf } from './peer-certificate.ts'

/** A file, and the setting or flag that names it. */
export interface NamedFile {
  readonly setting: string
  readonly path: string
}

/** PEM files of one end of TLS connections. `cert` and `key` come together; without them it shows no certificate. */
export interface CertificateFiles {
  /** Its certificate, then those between it and the CA, if there are any. */
  readonly cert: NamedFile | null
  readonly key: NamedFile | null
  /** Certificates of the CAs that it trusts; null: those that Node.js trusts. */
  readonly ca: NamedFile | null
}

/** The content of the files, sound and fitting together. */
export interface Certificates {
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly ca: readonly string[] | undefined
  /** DNS names of its certificate, in lower case. */
  readonly names: readonly string[]
  /** Unix milliseconds at which its certificate expires; null without one. */
  readonly validUntil: number | null
  readonly warnings: readonly string[]
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** @throws TailraceError INVALID_SETTING that names the file and its fault */
export async function readCertificates(files: CertificateFiles, now: number): Promise<Certificates> {
  const ca = files.ca === null ? undefined : await readAuthorities(files.ca)
  if (files.cert === null || files.key === null)
    return { cert: undefined, key: undefined, ca, names: [], validUntil: null, warnings: [] }
  const { cert, own } = await readOwn(files.cert, now)
  const key = await readText(files.key)
  if (!own.checkPrivateKey(parsedKey(key, files.key))) {
    throw fault(files.key, `is not the key of the certificate in ${files.cert.path}`)
  }
  try {
    createSecureContext({ cert, key, ca: ca === undefined ? undefined : [...ca] })
  } catch (error) {
    throw fault(files.cert, `cannot be used: ${(error as Error).message}`, error)
  }
  const { names, validUntil } = peerCertificateOf(own)
  return { cert, key, ca, names, validUntil, warnings: await warningsOf(files.key) }
}

async function readOwn(file: NamedFile, now: number): Promise<{ cert: string; own: X509Certificate }> {
  const cert = await readText(file)
  const [own] = parsedCertificates(cert, file)
  const validUntil = Date.parse(own!.validTo)
  if (validUntil <= now) throw fault(file, `expired on ${new Date(validUntil).toISOString()}`)
  return { cert, own: own! }
}

async function readAuthorities(file: NamedFile): Promise<string[]> {
  const authorities = parsedCertificates(await readText(file), file)
  const other = authorities.find((certificate) => !certificate.ca)
  if (other !== undefined)
    throw fault(file, `has a certificate that is none of a CA: ${other.subject.replaceAll('\n', ', ')}`)
  return authorities.map(String)
}

function parsedCertificates(text: string, file: NamedFile): X509Certificate[] {
  const blocks = text.match(pemBlock)
  if (blocks === null) throw fault(file, 'has no certificate in PEM form')
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch (error) {
    throw fault(file, `has a certificate that cannot be read: ${(error as Error).message}`, error)
  }
}

function parsedKey(text: string, file: NamedFile): KeyObject {
  if (/ENCRYPTED/.test(text)) throw fault(file, 'is encrypted; a key without a passphrase is needed')
  try {
    return createPrivateKey(text)
  } catch (error) {
    throw fault(file, 'has no private key in PEM form', error)
  }
}

async function readText(file: NamedFile): Promise<string> {
  try {
    return await readFile(file.path, 'utf8')
  } catch (error) {
    throw fault(file, `cannot be read: ${(error as Error).message}`, error)
  }
}

async function warningsOf(key: NamedFile): Promise<string[]> {
  if (process.platform === 'win32') return []
  const { mode } = await stat(key.path)
  const rights = (mode & 0o777).toString(8).padStart(4, '0')
  return (mode & 0o007) === 0 ? [] : [`${key.setting} ${key.path} may be read by every user (mode ${rights}): use 0600`]
}

function fault({ setting, path }: NamedFile, what: string, cause?: unknown): TailraceError {
  return new TailraceError('INVALID_SETTING', `${setting}: ${path} ${what}.`, { cause })
}
