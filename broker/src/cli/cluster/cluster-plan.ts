import { UsageError } from '../command-failure.ts'

export interface ClusterOptions {
  readonly brokers: number
  /** Each broker gets a folder broker-N in here. */
  readonly data: string
  readonly host: string
  readonly httpPort: number
  readonly peerPort: number
  /** Flags that every broker gets as they are, e.g. ['--log-level', 'debug']. */
  readonly shared: readonly string[]
  /** How clients reach them; http by default. */
  readonly scheme?: 'http' | 'https'
  /** Whether clients reach the brokers with TLS only. */
  readonly secure?: boolean
}

export interface BrokerPlan {
  readonly id: number
  readonly http: string
  /** For clients. */
  readonly url: string
  readonly peer: string
  readonly data: string
  /** Where its output goes. */
  readonly log: string
  /** Arguments of `tailrace` that start it. */
  readonly arguments: readonly string[]
}

/** Brokers 1..N on consecutive ports. Throws UsageError when the ports do not fit. */
export function planCluster(options: ClusterOptions): BrokerPlan[] {
  const { brokers, httpPort, peerPort } = options
  checkPorts('--http-port', httpPort, brokers)
  checkPorts('--peer-port', peerPort, brokers)
  if (Math.abs(httpPort - peerPort) < brokers) {
    throw new UsageError(
      `--http-port ${httpPort} and --peer-port ${peerPort} are too near: ${brokers} brokers need as many ports from each on`,
    )
  }
  const numbers = Array.from({ length: brokers }, (_, index) => index)
  const join = numbers.map((index) => `${options.host}:${peerPort + index}`).join(',')
  return numbers.map((index) => {
    const [id, http, peer] = [index + 1, `${options.host}:${httpPort + index}`, `${options.host}:${peerPort + index}`]
    const data = `${options.data}/broker-${id}`
    const own = ['--id', String(id), '--data', data, '--http', http, '--peer', peer, '--join', join]
    const url = `${options.secure === true ? 'https' : 'http'}://${http}`
    return { id, http, url, peer, data, log: `${data}.log`, arguments: ['broker', ...own, ...options.shared] }
  })
}

function checkPorts(flag: string, first: number, count: number): void {
  if (first < 1 || first + count - 1 > 65_535)
    throw new UsageError(`${flag} ${first} leaves no room for ${count} ports up to 65535`)
}
