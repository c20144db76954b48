import type { BrokerSettings, SettingName } from './broker-settings.ts'
import { clientCertificateModes, tlsModes, tlsVersions } from './broker-settings.ts'
import type { Setting } from './setting.ts'
import { choice, fileOrNone } from './setting-kinds.ts'

type TlsSettingName = Extract<SettingName, `${string}tls${string}` | `${string}Tls${string}`>

/** Rows of the table of settings: TLS. */
export const tlsSettings: { readonly [Name in TlsSettingName]: Setting<BrokerSettings[Name]> } = {
  tls: {
    kind: choice(tlsModes),
    fallback: { value: 'off' },
    about:
      'Whether HTTP and WebSocket use TLS. allowed: clients with and without TLS on the same port, for the time of a change. docs/security.md tells how to change a cluster without downtime.',
  },
  tlsCertFile: {
    kind: fileOrNone,
    fallback: { value: '' },
    about:
      'Certificate of this broker in PEM form, followed by those between it and its CA, if there are any. The files of certificates are read again when they change, and on SIGHUP.',
  },
  tlsKeyFile: {
    kind: fileOrNone,
    fallback: { value: '' },
    about:
      'Private key of that certificate in PEM form, without a passphrase. Only the user of the broker should be able to read it.',
  },
  tlsCaFile: {
    kind: fileOrNone,
    fallback: { value: '' },
    about: 'Certificates of the CAs whose client certificates are trusted, one after the other in PEM form.',
  },
  tlsMinVersion: {
    kind: choice(tlsVersions),
    fallback: { value: '1.3' },
    about: 'Lowest version of TLS that is spoken.',
  },
  tlsClientCertificates: {
    kind: choice(clientCertificateModes),
    fallback: { value: 'off' },
    about:
      'Whether clients show certificates, which a CA of tlsCaFile must have signed. asked: a client may come without one.',
  },
}

/** Demands of TLS settings on each other; each returns the fault, or null. */
export const tlsRules: readonly ((settings: BrokerSettings) => string | null)[] = [
  (s) => (s.tls === 'off' ? null : missing(s, 'tls', ['tlsCertFile', 'tlsKeyFile'])),
  (s) =>
    s.tls === 'off' || s.tlsClientCertificates === 'off' ? null : missing(s, 'tlsClientCertificates', ['tlsCaFile']),
]

function missing(settings: BrokerSettings, because: SettingName, files: readonly SettingName[]): string | null {
  const lacking = files.find((name) => settings[name] === '')
  return lacking === undefined ? null : `${because} is ${settings[because]}, so ${lacking} must be given.`
}
