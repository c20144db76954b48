import { join } from 'node:path'
import type { Clock, Disk, LogLine, MemoryNetwork, StateStore, Surroundings } from 'tailrace/embedded'
import { MemoryDisk, MemoryStateStore, nodeDisk, openState } from 'tailrace/embedded'
import { ClientPort } from './client-port.ts'

/** What a broker's lives have in common: its disk, its place in the network, its port for clients. */
export interface Machine extends Storage {
  readonly id: number
  readonly clock: Clock
  readonly network: MemoryNetwork
  readonly port: ClientPort
  readonly log: ((line: LogLine) => void) | null
}

interface Storage {
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
  return { id, ...parts, ...storage, port: await ClientPort.open() }
}

function inMemory(): Storage {
  const store: StateStore = new MemoryStateStore()
  return { disk: new MemoryDisk(), data: 'data', openState: async () => store }
}

/** Its name in the network between brokers: an address of this machine alone, each broker has another one. */
export function hostOf(id: number): string {
  return `127.0.${id >> 8}.${id & 255}`
}

export function peerAddress(id: number): string {
  return `${hostOf(id)}:7080`
}
