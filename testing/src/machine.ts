import { join } from 'node:path'
import type { Clock, Disk, LogLine, StateStore, Surroundings } from 'tailrace/embedded'
import {
  MemoryDisk,
  MemoryStateStore,
  nodeCrypto,
  nodeDisk,
  nodeRandom,
  openState,
  readConsole,
} from 'tailrace/embedded'
import type { ClusterNetwork, Place } from './network/wiring.ts'

/** Read once for all brokers of the process. */
let console: ReturnType<typeof readConsole> | undefined
const sharedConsole = () => (console ??= readConsole())

/** What a broker's lives have in common: its disk, its place in the network, its port for clients. */
export interface Machine extends Storage, Place, Pick<Surroundings, 'random' | 'crypto' | 'pid' | 'readConsole'> {
  readonly id: number
  readonly clock: Clock
  readonly network: ClusterNetwork
  readonly log: ((line: LogLine) => void) | null
}

export interface Storage {
  readonly disk: Disk
  readonly data: string
  readonly openState: Surroundings['openState']
}

interface MachineParts extends Place, Pick<Machine, 'clock' | 'network' | 'log'> {
  /** Null: what brokers write stays in memory. */
  readonly folder: string | null
}

/** A machine with the clock, randomness and disks of this one. */
export function realMachine(id: number, { folder, ...parts }: MachineParts): Machine {
  const storage = folder === null ? inMemory() : { disk: nodeDisk, data: join(folder, `broker-${id}`), openState }
  return {
    id,
    ...parts,
    ...storage,
    random: nodeRandom,
    crypto: nodeCrypto,
    pid: process.pid,
    readConsole: sharedConsole,
  }
}

/** `pace`: awaited before each operation of the disk. */
export function inMemory(pace?: () => Promise<void>): Storage {
  const store: StateStore = new MemoryStateStore()
  return { disk: new MemoryDisk(pace && { pace }), data: 'data', openState: async () => store }
}
