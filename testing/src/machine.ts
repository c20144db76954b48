import type { Server } from 'node:http'
import { join } from 'node:path'
import type { Clock, Disk, LogLine, MemoryNetwork, StateStore, Surroundings } from 'tailrace/embedded'
import {
  MemoryDisk,
  MemoryStateStore,
  nodeCrypto,
  nodeDisk,
  nodeRandom,
  openState,
  readConsole,
} from 'tailrace/embedded'
import { ClientPort } from './client-port.ts'

/** The place at which clients reach a broker. It outlives the broker's lives. */
export interface ClientDoor {
  /** `host:port`. */
  readonly address: string
  /** From now on connections go to this server. */
  attach(server: Server): void
  /** Drops all connections, and those that come until the next `attach`. */
  detach(): void
  close(): Promise<void>
}

/** Read once for all brokers of the process. */
let console: ReturnType<typeof readConsole> | undefined
const sharedConsole = () => (console ??= readConsole())

/** What a broker's lives have in common: its disk, its place in the network, its port for clients. */
export interface Machine extends Storage, Pick<Surroundings, 'random' | 'crypto' | 'pid' | 'readConsole'> {
  readonly id: number
  readonly clock: Clock
  readonly network: MemoryNetwork
  readonly port: ClientDoor
  readonly log: ((line: LogLine) => void) | null
}

export interface Storage {
  readonly disk: Disk
  readonly data: string
  readonly openState: Surroundings['openState']
}

interface MachineParts extends Pick<Machine, 'clock' | 'network' | 'log'> {
  /** Null: what brokers write stays in memory. */
  readonly folder: string | null
}

export async function openMachine(id: number, { folder, ...parts }: MachineParts): Promise<Machine> {
  const storage = folder === null ? inMemory() : { disk: nodeDisk, data: join(folder, `broker-${id}`), openState }
  const machines = { random: nodeRandom, crypto: nodeCrypto, pid: process.pid, readConsole: sharedConsole }
  return { id, ...parts, ...storage, ...machines, port: await ClientPort.open() }
}

/** `pace`: awaited before each operation of the disk. */
export function inMemory(pace?: () => Promise<void>): Storage {
  const store: StateStore = new MemoryStateStore()
  return { disk: new MemoryDisk(pace && { pace }), data: 'data', openState: async () => store }
}

/** Its name in the network between brokers: an address of this machine alone, each broker has another one. */
export function hostOf(id: number): string {
  return `127.0.${id >> 8}.${id & 255}`
}

export function peerAddress(id: number): string {
  return `${hostOf(id)}:7080`
}
