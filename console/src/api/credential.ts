/** What the person has signed in with, until the tab is closed. */
export type Credential =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'password'; readonly user: string; readonly password: string }

const KEY = 'tailrace-credential'

export function currentCredential(): Credential | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Credential | null
  } catch {
    return null
  }
}

export function signIn(credential: Credential): void {
  sessionStorage.setItem(KEY, JSON.stringify(credential))
}

export function signOut(): void {
  sessionStorage.removeItem(KEY)
}

/** Headers of a request. */
export function authorization(credential: Credential | null): Readonly<Record<string, string>> {
  if (credential === null) return {}
  if (credential.kind === 'token') return { authorization: `Bearer ${credential.token}` }
  const bytes = new TextEncoder().encode(`${credential.user}:${credential.password}`)
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }
}
