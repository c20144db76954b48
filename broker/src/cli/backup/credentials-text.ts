import type { StoredCredentials } from '../../api/security-api.ts'
import { plural } from '../quantity.ts'

export function credentialsText({ users, tokens }: StoredCredentials): string {
  return `${plural(users.length, 'user')} and ${plural(tokens.length, 'token')}`
}
