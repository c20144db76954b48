import { CommandFailure } from '../command-failure.ts'
import type { Credential } from './credential.ts'

/**
 * The Authorization header for a request to `server` (an http:// or https:// address); undefined without a credential.
 * A password in clear text goes over TLS, or does not leave the machine.
 * @throws CommandFailure AUTHENTICATION_FAILED
 */
export function authorizationFor(server: string, credential: Credential | null): string | undefined {
  if (credential === null) return undefined
  if ('token' in credential) return `Bearer ${credential.token}`
  if (!keepsSecrets(server)) {
    throw new CommandFailure({
      code: 'AUTHENTICATION_FAILED',
      message: `The password of ${credential.username} was not sent: ${server} would get it in clear text over the network.`,
      retriable: false,
      hint: 'Give the https:// address of a broker with TLS, or use a token (--token-file) in the place of a password.',
    })
  }
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`
}

/** As brokers see it: encrypted, or from the machine itself. */
function keepsSecrets(server: string): boolean {
  const { protocol, hostname } = new URL(server)
  return protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}
