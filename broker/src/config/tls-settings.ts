import type { BrokerSettings, SettingName } from './broker-settings.ts'
import { clientCertificateModes, sourceTlsModes, tlsModes, tlsVersions } from './broker-settings.ts'
import type { Setting } from './setting.ts'
import { brokerNames, choice, fileOrNone, hostNameOrNone } from './setting-kinds.ts'

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
  peerTls: {
    kind: choice(tlsModes),
    fallback: { value: 'off' },
    about:
      'Whether brokers use TLS among themselves. allowed: with the brokers that have it, and without it with the others, for the time of a change.',
  },
  peerTlsCertFile: {
    kind: fileOrNone,
    fallback: { follows: 'tlsCertFile', from: (s) => s.tlsCertFile },
    about: 'As tlsCertFile, for connections with other brokers, in both directions. It names broker-ID.',
  },
  peerTlsKeyFile: {
    kind: fileOrNone,
    fallback: { follows: 'tlsKeyFile', from: (s) => s.tlsKeyFile },
    about: 'As tlsKeyFile, for connections with other brokers.',
  },
  peerTlsCaFile: {
    kind: fileOrNone,
    fallback: { follows: 'tlsCaFile', from: (s) => s.tlsCaFile },
    about: 'Certificates of the CAs that sign those of brokers. Use one that signs for no others than your own.',
  },
  peerTlsClientCertificates: {
    kind: choice(clientCertificateModes),
    fallback: { value: 'required' },
    about:
      'Whether brokers that connect show certificates. Anything but required needs a cluster key, or leaves the port open to all.',
  },
  peerTlsNames: {
    kind: brokerNames,
    fallback: { value: new Map() },
    about: 'Names in the certificates of other brokers, by broker, where they are not broker-ID.',
  },
  sourceTls: {
    kind: choice(sourceTlsModes),
    fallback: { value: 'off' },
    about: 'Of a cascade broker only: whether it uses TLS to its sources, those that it learns of included.',
    perBroker: true,
  },
  sourceTlsCertFile: {
    kind: fileOrNone,
    fallback: { follows: 'tlsCertFile', from: (s) => s.tlsCertFile },
    about:
      'As tlsCertFile, to show to sources that ask for a certificate. One that names cascade-ID is a credential, in the place of a token.',
    perBroker: true,
  },
  sourceTlsKeyFile: {
    kind: fileOrNone,
    fallback: { follows: 'tlsKeyFile', from: (s) => s.tlsKeyFile },
    about: 'As tlsKeyFile, for connections to sources.',
    perBroker: true,
  },
  sourceTlsCaFile: {
    kind: fileOrNone,
    fallback: { follows: 'tlsCaFile', from: (s) => s.tlsCaFile },
    about: 'Certificates of the CAs that sign those of sources; none: the CAs that Node.js trusts.',
    perBroker: true,
  },
  sourceTlsServerName: {
    kind: hostNameOrNone,
    fallback: { value: '' },
    about: 'The name that the certificates of sources must have, if it is not the host of their address.',
    perBroker: true,
  },
}

/** Demands of TLS settings on each other; each returns the fault, or null. */
export const tlsRules: readonly ((settings: BrokerSettings) => string | null)[] = [
  (s) => (s.peerTls === 'off' ? null : missing(s, 'peerTls', ['peerTlsCertFile', 'peerTlsKeyFile', 'peerTlsCaFile'])),
  (s) => (s.tls === 'off' ? null : missing(s, 'tls', ['tlsCertFile', 'tlsKeyFile'])),
  (s) =>
    s.tls === 'off' || s.tlsClientCertificates === 'off' ? null : missing(s, 'tlsClientCertificates', ['tlsCaFile']),
]

function missing(settings: BrokerSettings, because: SettingName, files: readonly SettingName[]): string | null {
  const lacking = files.find((name) => settings[name] === '')
  return lacking === undefined ? null : `${because} is ${settings[because]}, so ${lacking} must be given.`
}
