import type { CredentialsPage, StoredToken, StoredUser } from '../../api/security-api.ts'
import type { SecurityTables } from '../../security/security-tables.ts'

/** Some MB of JSON. */
const MOST_ROWS = 10_000

interface Row {
  readonly key: string
  readonly user?: StoredUser
  readonly token?: StoredToken
}

/** Tokens by id, then users by name, behind the row of this key; null: from the first one on. */
export function credentialsPage(
  { users, tokens }: Pick<SecurityTables, 'users' | 'tokens'>,
  after: string | null,
  most = MOST_ROWS,
): CredentialsPage {
  const rows: Row[] = [
    ...[...tokens.values()].map((token) => ({ key: `token ${token.id}`, token })),
    ...[...users.values()].map((user) => ({ key: `user ${user.name}`, user })),
  ]
  const left = rows.filter(({ key }) => after === null || key > after).sort((a, b) => (a.key < b.key ? -1 : 1))
  const page = left.slice(0, most)
  return {
    users: page.flatMap(({ user }) => user ?? []),
    tokens: page.flatMap(({ token }) => token ?? []),
    next: left.length > most ? page.at(-1)!.key : null,
  }
}
