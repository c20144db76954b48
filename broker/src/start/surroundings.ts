import type { Server } from 'node:http'
import type { Logger } from 'pino'
import type { StaticFiles } from '../api/static-files.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import type { StateStore } from '../log/log-storage.ts'
import type { RocksStoreOptions } from '../log/store/rocks-store.ts'
import type { Clock } from '../platform/clock.ts'
import type { Crypto } from '../platform/crypto.ts'
import type { Dial } from '../platform/dial.ts'
import type { Disk } from '../platform/disk.ts'
import type { Network } from '../platform/network.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeCrypto } from '../platform/node/crypto.ts'
import { nodeDisk } from '../platform/node/disk.ts'
import { openFileLimit } from '../platform/node/file-descriptors.ts'
import { releaseMemoryAfterLoad } from '../platform/node/memory-release.ts'
import { nodeRandom } from '../platform/node/random.ts'
import type { Random } from '../platform/random.ts'
import { readConsole } from './console-files.ts'
import { openLogger } from './logger.ts'
import { openState } from './state-folder.ts'
import { takeFolder } from './taken-folder.ts'
import { openTracing } from './tracing/open-tracing.ts'

/**
 * What one broker stands on: time, disk, network, and its process. Several brokers within one process have surroundings
 * each.
 */
export interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  /** Of the process, which others are told. */
  readonly pid: number
  readonly disk: Disk
  /** Between brokers; null: TCP, with TLS as the settings say. */
  readonly network: Network | null
  /** Of a cascade broker: begins its connections to sources; null: TCP, of this process. TLS goes over either. */
  readonly dial: Dial | null
  /** Gives the server for clients its connections, and resolves with `host:port`; null: it listens by itself. */
  readonly attach: ((server: Server) => Promise<string>) | null
  openLogger(settings: BrokerSettings): Logger
  /** Opens the state store of a data folder; `hadState`: there was one before. */
  openState(folder: string, hadState: boolean, logger: Logger, options: RocksStoreOptions): Promise<StateStore>
  /** The console as browsers get it; empty: it is not there. */
  readConsole(): Promise<StaticFiles>
  /** Files and connections that may be open; null: there is no limit. */
  openFiles(settings: BrokerSettings): number | null
  /** Makes the data folder where it is missing, and takes it for this broker alone. */
  takeFolder(folder: string, logger: Logger): Promise<void>
  /** Called when the broker runs, for what serves its whole process; resolves with what ends that. */
  attend(settings: BrokerSettings, logger: Logger): Promise<() => void>
  /** The log cannot be written any more: the broker must not go on. */
  fail(error: unknown): void
}

/** A process that is one broker. */
export const nodeSurroundings: Surroundings = {
  clock: nodeClock,
  random: nodeRandom,
  crypto: nodeCrypto,
  pid: process.pid,
  disk: nodeDisk,
  network: null,
  dial: null,
  attach: null,
  openLogger,
  openState,
  readConsole,
  openFiles: ({ openFiles }) => (openFiles === 0 ? openFileLimit() : openFiles),
  takeFolder,
  async attend({ id }, logger) {
    const memory = releaseMemoryAfterLoad(nodeClock)
    const endSpans = await openTracing(id, logger)
    return () => {
      memory.cancel()
      endSpans()
    }
  },
  fail: () => process.exit(70),
}
