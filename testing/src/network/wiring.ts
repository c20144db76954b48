import type { Dial, Network } from 'tailrace/embedded'
import type { ClientDoor } from './door.ts'

/** The network between the brokers of a cluster. Its links go by the hosts at their ends. */
export interface ClusterNetwork {
  /** As the broker of this host sees it. */
  host(host: string): Network
  /** From now on no bytes that `from` sends reach `to`; none are lost, and no connection ends. */
  cut(from: string, to: string): void
  /** Undoes `cut`: waiting bytes arrive. */
  heal(from: string, to: string): void
  /** A process ends without a message of its own: others see their connections close. */
  kill(host: string): void
}

/** The place of a broker in the network. */
export interface Place {
  /** Its address for other brokers, `host:port`. */
  readonly peer: string
  readonly port: ClientDoor
  /** Of a cascade broker: to the ports for clients of others. */
  readonly dial: Dial
}

/** The network of a cluster, and the places of brokers in it. */
export interface Wiring {
  readonly network: ClusterNetwork
  place(id: number): Promise<Place>
}

/** The name of a broker's machine in the network: each broker has another one. */
export function hostOf(id: number): string {
  return `127.0.${id >> 8}.${id & 255}`
}

/** An address for other brokers that is known within a network in memory alone. */
export function memoryPeerAddress(id: number): string {
  return `${hostOf(id)}:7080`
}
