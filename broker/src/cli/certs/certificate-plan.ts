import { UsageError } from '../command-failure.ts'

/** Whom `tailrace certs create` makes certificates for, as its options say it. */
export interface CertificateOptions {
  readonly brokers: number
  readonly cascades: readonly number[]
  readonly clients: readonly string[]
  /** Names and addresses of all brokers, or with `3=` before them of one. */
  readonly hosts: readonly string[]
}

export interface PlannedCertificate {
  /** Of its files, without the ending. */
  readonly file: string
  readonly commonName: string
  readonly dnsNames: readonly string[]
  readonly addresses: readonly string[]
  readonly use: 'server and client' | 'client'
}

const namePattern = /^[A-Za-z0-9]([A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?$/
const hostPattern = /^(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/
const addressPattern = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$/

/** Every broker is reached on its own machine as localhost as well. @throws UsageError */
export function planCertificates(options: CertificateOptions): PlannedCertificate[] {
  const hosts = options.hosts.map(parseHost)
  const servers = [
    ...Array.from({ length: options.brokers }, (_, at) => ({ name: `broker-${at + 1}`, id: at + 1 })),
    ...options.cascades.map((id) => ({ name: `cascade-${id}`, id })),
  ]
  const stray = hosts.find(({ id }) => id !== null && !servers.some((server) => server.id === id))
  if (stray !== undefined)
    throw new UsageError(`--hosts ${stray.id}=${stray.host} is for broker ${stray.id}, which gets no certificate`)
  const plans = [
    ...servers.map(({ name, id }) =>
      serverCertificate(
        name,
        hosts.filter((host) => host.id === null || host.id === id),
      ),
    ),
    ...options.clients.map(clientCertificate),
  ]
  if (plans.length === 0)
    throw new UsageError('give --brokers, --cascades or --clients: nobody would get a certificate')
  return plans
}

function serverCertificate(name: string, hosts: readonly { readonly host: string }[]): PlannedCertificate {
  const given = hosts.map(({ host }) => host)
  return {
    file: name,
    commonName: name,
    dnsNames: [...new Set([name, 'localhost', ...given.filter((host) => !addressPattern.test(host))])],
    addresses: [...new Set(['127.0.0.1', '::1', ...given.filter((host) => addressPattern.test(host))])],
    use: 'server and client',
  }
}

function clientCertificate(name: string): PlannedCertificate {
  if (!namePattern.test(name))
    throw new UsageError(
      `--clients ${JSON.stringify(name)} is no name: use letters, digits, dot, underscore, hyphen and @`,
    )
  return { file: `client-${name}`, commonName: name, dnsNames: [], addresses: [], use: 'client' }
}

function parseHost(text: string): { readonly id: number | null; readonly host: string } {
  const [, id, host = ''] = /^(?:(\d{1,10})=)?(.*)$/.exec(text) ?? []
  if (!hostPattern.test(host) && !addressPattern.test(host))
    throw new UsageError(
      `--hosts ${JSON.stringify(text)} is no host name or address, like broker.example or 3=10.0.0.3`,
    )
  return { id: id === undefined ? null : Number(id), host }
}
