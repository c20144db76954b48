import { TailraceError } from '@tailrace/schemas'
import type { BrokerSettings } from '../../config/broker-settings.ts'
import { brokerOfNames } from '../../security/identity/certificate-names.ts'

/** The DNS names in a certificate. */
interface Named {
  readonly names: readonly string[]
}

/** Whether a certificate is one of a cascade broker, which sources take for its credential. */
export function isOfCascade({ names }: Named): boolean {
  return brokerOfNames(names)?.startsWith('Cascade:') === true
}

/**
 * Refuses the certificate of a cascade broker, for the same reason as the rule for sourceTokenFile in
 * security-settings.ts: readers of this broker would get everything that the source shows to it alone. Undefined: its
 * readers need credentials, or are meant to need none. The check throws TailraceError INVALID_SETTING.
 */
export function checkForSources(
  settings: Pick<BrokerSettings, 'authentication' | 'insecure' | 'sourceTlsCertFile'>,
): ((certificate: Named) => void) | undefined {
  const { authentication, insecure, sourceTlsCertFile } = settings
  if (authentication === 'required' || insecure) return undefined
  return (certificate) => {
    if (!isOfCascade(certificate)) return
    throw new TailraceError(
      'INVALID_SETTING',
      `sourceTlsCertFile ${sourceTlsCertFile} is the credential of a cascade broker, but authentication is ${authentication} here: set authentication: required, or insecure: true to show everything to anybody.`,
    )
  }
}
