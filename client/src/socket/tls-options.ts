import { TailraceError } from '@tailrace/schemas'
import { refuseUnknown } from '../settings.ts'

/** TLS of a program in Node.js, for wss:// addresses. In a browser, TLS is the browser's own. Texts are PEM. */
export interface TlsOptions {
  /** Certificates of the CAs that are trusted, one or several in one text. Default: those that Node.js trusts. */
  readonly ca?: string
  /** This program's certificate, where brokers ask for one, and its private key. */
  readonly cert?: string
  readonly key?: string
  /** The name that brokers' certificates must have, where it is not the host of their address. */
  readonly serverName?: string
}

const names = ['ca', 'cert', 'key', 'serverName'] as const

/** @throws TailraceError INVALID_SETTING */
export function checkTlsOptions(given: unknown): TlsOptions {
  if (typeof given !== 'object' || given === null)
    throw wrong('give an object, like { ca: "-----BEGIN CERTIFICATE…" }.')
  refuseUnknown(given, names)
  const options = given as Readonly<Record<string, unknown>>
  const odd = names.find((name) => options[name] !== undefined && typeof options[name] !== 'string')
  if (odd !== undefined) throw wrong(`${odd} must be a text.`)
  if ((options.cert === undefined) !== (options.key === undefined)) throw wrong('cert and key come together.')
  return options as TlsOptions
}

export function wrong(detail: string, cause?: unknown): TailraceError {
  return new TailraceError('INVALID_SETTING', `tls: ${detail}`, { cause })
}
