import type { BrokerId } from '@tailrace/schemas'
import { parseAddress } from '../../platform/address.ts'
import type { BrokerRegistration } from './commands/command.ts'

/** A broker with the two places in which it may fail together with others. */
export interface RackedBroker {
  readonly id: BrokerId
  /** Of a broker without a rack: its host, as a rack of its own. */
  readonly rack: string
  readonly host: string
}

/** A rack's name has no blank, so no rack and no host are taken for each other. */
export function rackedBroker({ id, peer, rack = '' }: Pick<BrokerRegistration, 'id' | 'peer' | 'rack'>): RackedBroker {
  const host = hostOf(peer)
  return { id, rack: rack === '' ? `host ${host}` : rack, host }
}

/** Another broker may have registered any text: one that is no address is a host of its own. */
function hostOf(peer: string): string {
  try {
    return parseAddress(peer).host
  } catch {
    return peer
  }
}
