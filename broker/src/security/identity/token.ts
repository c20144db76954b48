import type { Crypto } from '../../platform/crypto.ts'
import type { StoredToken } from '../security-tables.ts'

/** A word by which programs that look for leaked secrets find a token. */
const PREFIX = 'tr'
const pattern = /^tr_([A-Za-z0-9-]{1,40})_([A-Za-z0-9_-]{20,100})$/

/** The text of a token: its id, by which it is found, and its secret. */
export function tokenText(id: string, secret: Uint8Array): string {
  return `${PREFIX}_${id}_${Buffer.from(secret).toString('base64url')}`
}

/** Null: it is no token of a cluster. */
export function parseToken(text: string): { readonly id: string; readonly secret: string } | null {
  const [, id, secret] = pattern.exec(text) ?? []
  return id === undefined || secret === undefined ? null : { id, secret }
}

/** The hash that is stored of a token's secret part, base64. */
export function tokenHash(crypto: Crypto, secret: string): string {
  return Buffer.from(crypto.hash('sha256', new TextEncoder().encode(secret))).toString('base64')
}

export function isTokenSecret(crypto: Crypto, stored: StoredToken, secret: string): boolean {
  return crypto.equal(Buffer.from(tokenHash(crypto, secret), 'base64'), Buffer.from(stored.hash, 'base64'))
}
