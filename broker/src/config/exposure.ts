import type { BrokerSettings } from './broker-settings.ts'
import { splitAddress } from './setting-kinds.ts'

type Exposed = Pick<
  BrokerSettings,
  | 'http'
  | 'peer'
  | 'source'
  | 'authentication'
  | 'clusterKeyFile'
  | 'clusterKey'
  | 'peerTls'
  | 'peerTlsClientCertificates'
>

/**
 * The ports that listen beyond this machine and ask nobody for a credential, a sentence each. A broker with any of them
 * starts only with `insecure`.
 */
export function exposures(settings: Exposed): readonly string[] {
  const { http, peer, authentication } = settings
  const found: string[] = []
  if (!isLoopback(http) && authentication !== 'required') {
    found.push(
      `http listens on ${http}, and clients need no credential there: anybody who reaches it may do everything.`,
    )
  }
  // A cascade broker has no peer port.
  if (settings.source.length === 0 && !isLoopback(peer) && !brokersProveThemselves(settings)) {
    found.push(`peer listens on ${peer}, and brokers need no proof there: anybody who reaches it can be a broker.`)
  }
  return found
}

/** Refuses exposed ports, with the lines that help. Null: there is nothing to refuse. */
export function exposureRule(settings: BrokerSettings): string | null {
  if (settings.insecure) return null
  const found = exposures(settings)
  if (found.length === 0) return null
  const lines = [
    ...(found.some((text) => text.startsWith('http'))
      ? ['authentication: required', 'adminTokenFile: admin.token']
      : []),
    ...(found.some((text) => text.startsWith('peer')) ? ['clusterKeyFile: cluster.key'] : []),
  ]
  return `${found.join(' ')} Set ${lines.join(', ')} (docs/security.md), or insecure: true where that is what you want.`
}

function brokersProveThemselves({ clusterKeyFile, clusterKey, peerTls, peerTlsClientCertificates }: Exposed): boolean {
  if (clusterKeyFile !== '' && clusterKey === 'required') return true
  return peerTls === 'required' && peerTlsClientCertificates === 'required'
}

/** Whether only programs of this machine reach the address. */
export function isLoopback(address: string): boolean {
  const host = splitAddress(address)?.host ?? ''
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
