import { UsageError } from '../command-failure.ts'

/** Where a secret is: in a file, or in a text that no other user sees. */
export type Secret = { readonly file: string; readonly origin: string } | { readonly text: string }

/** What one place says about who the caller is: the flags, the environment, or a profile. */
export interface CredentialLevel {
  /** For messages: "flags", "environment", "profile prod". */
  readonly origin: string
  readonly user?: string | undefined
  readonly password?: Secret | undefined
  readonly token?: Secret | undefined
}

/** `password: null`: a person is to be asked. */
export type CredentialChoice =
  | { readonly user: string; readonly password: Secret | null }
  | { readonly token: Secret }
  | null

/**
 * The credential out of several places, of which the earlier ones win. The first that names one decides between a user
 * and a token; the rest of it may come from the places after, but never the password of another user.
 * @throws UsageError
 */
export function chooseCredential(levels: readonly CredentialLevel[]): CredentialChoice {
  const first = levels.findIndex(({ user, password, token }) => (user ?? password ?? token) !== undefined)
  if (first < 0) return null
  const { origin, token, user: ownUser, password: ownPassword } = levels[first]!
  if (token !== undefined) {
    if ((ownUser ?? ownPassword) !== undefined) throw new UsageError(`${origin}: give a user or a token, not both`)
    return { token }
  }
  const rest = levels.slice(first)
  const user = rest.find((level) => level.user !== undefined)?.user
  if (user === undefined) throw new UsageError(`${origin}: a password without a user; give --user NAME as well`)
  const password = rest.find((level) => level.password !== undefined && (level.user ?? user) === user)?.password
  return { user, password: password ?? null }
}
