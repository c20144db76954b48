import type { Credential } from '../api/credential.ts'

/** A command that asks the same; it names a credential and a certificate, and holds no secret. */
export function curlOf(origin: string, path: string, credential: Credential | null): string {
  const parts = ['curl']
  if (origin.startsWith('https:')) parts.push('--cacert "$TAILRACE_CA"')
  if (credential?.kind === 'token') parts.push('-H "authorization: Bearer $TAILRACE_TOKEN"')
  // curl asks for the password.
  if (credential?.kind === 'password') parts.push(`--user ${quoted(credential.user)}`)
  return [...parts, quoted(`${origin}${path}`)].join(' ')
}

/** For a shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
