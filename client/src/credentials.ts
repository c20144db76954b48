import { TailraceError } from '@tailrace/schemas'

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

/**
 * How a client shows who it is. A password is proved and does not travel. A token that ends is given as a function,
 * which is asked for another one before the end, and for each new connection.
 */
export type Credentials =
  | { readonly username: string; readonly password: string; readonly mechanism?: ScramMechanism }
  | { readonly token: string | (() => string | Promise<string>) }

const mechanisms: readonly unknown[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512']

/** @throws TailraceError INVALID_SETTING; its text does not show the password */
export function checkCredentials<Given extends Credentials | undefined>(credentials: Given): Given {
  if (credentials === undefined) return credentials
  const { username, password, mechanism, token, ...others } = (credentials ?? {}) as Record<string, unknown>
  const isPassword = isText(username) && isText(password) && token === undefined
  const isToken = (isText(token) || typeof token === 'function') && username === undefined && password === undefined
  const known = mechanism === undefined || (isPassword && mechanisms.includes(mechanism))
  if ((isPassword || isToken) && known && Object.keys(others).length === 0) return credentials
  const detail = 'credentials: give { username, password }, or { token } with a text or a function that returns one.'
  throw new TailraceError('INVALID_SETTING', detail)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
