import type { UserDescription } from '../../api/security-api.ts'
import { table } from '../table.ts'
import type { Asking } from './group-commands.ts'

export async function setUser(name: string, password: string, { admin, json, terminal }: Asking): Promise<void> {
  await admin.request('PUT', pathOf(name), { password })
  terminal.print(json ? JSON.stringify({ user: name }) : `the password of user ${name} is set`)
}

export async function listUsers({ admin, json, terminal }: Asking): Promise<void> {
  const { users } = (await admin.request('GET', '/security/users')) as { users: UserDescription[] }
  terminal.print(json ? JSON.stringify(users) : usersText(users, terminal.width))
}

export async function deleteUser(name: string, { admin, json, terminal }: Asking): Promise<void> {
  await admin.request('DELETE', pathOf(name))
  terminal.print(json ? JSON.stringify({ deleted: name }) : `deleted user ${name}`)
}

function pathOf(name: string): string {
  return `/security/users/${encodeURIComponent(name)}`
}

function usersText(users: readonly UserDescription[], width: number): string {
  if (users.length === 0) return 'There are no users.'
  return table(
    users,
    [
      { title: 'USER', of: ({ name }) => name },
      { title: 'PRINCIPAL', of: ({ name }) => `User:${name}` },
      { title: 'MECHANISMS', of: ({ mechanisms }) => mechanisms.join(', ') },
    ],
    width,
  )
}
