import type { Credentials } from './credentials.ts'
import type { ClientLogger } from './logger.ts'
import type { TlsOptions } from './socket/tls-options.ts'
import type { ClientSurroundings } from './surroundings.ts'

export interface ClientOptions {
  /** Any of the cluster's brokers, like "ws://127.0.0.1:8080"; the others are learned from them. */
  readonly servers: readonly string[]
  /** How long opening a connection may take. Default 3,000. */
  readonly connectTimeoutMs?: number
  /**
   * After this long without a word from a broker that owes an answer it is probed, after three times as long dropped.
   * Default 1,000.
   */
  readonly silenceMs?: number
  /** How often leaders are looked up again without a reason. Default 15,000. */
  readonly metadataMaxAgeMs?: number
  /** Shown to each broker, where brokers ask for it. Default: none. */
  readonly credentials?: Credentials
  /** The name of this program, for the logs and quotas of the brokers. Default: none. */
  readonly clientId?: string
  /** In Node.js: how wss:// connections are made. */
  readonly tls?: TlsOptions
  /**
   * Told when no broker is reached for two seconds, and when one is reached again; null: nobody. Default: warnings and
   * errors go to the console.
   */
  readonly logger?: ClientLogger | null
  /** Time, chance and connections, which a simulator gives. Default: the machine's. */
  readonly surroundings?: ClientSurroundings
}
export const clientOptionNames = [
  'servers',
  'connectTimeoutMs',
  'silenceMs',
  'metadataMaxAgeMs',
  'credentials',
  'clientId',
  'tls',
  'logger',
  'surroundings',
] as const

/** Those that a client takes, of the options of what stands on it. */
export function clientOptionsOf(options: ClientOptions): ClientOptions {
  const given = clientOptionNames.filter((name) => options[name] !== undefined).map((name) => [name, options[name]])
  return Object.fromEntries(given) as unknown as ClientOptions
}
