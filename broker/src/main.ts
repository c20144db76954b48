import { TailraceError } from '@tailrace/schemas'
import type { RunningBroker } from './cli/running-broker.ts'
import type { BrokerSettings } from './config/broker-settings.ts'

/** Starts a broker with the machine's own clock, disk and network; resolves when its listeners are up. */
export async function startBroker(settings: BrokerSettings): Promise<RunningBroker> {
  throw new TailraceError('INTERNAL', `Broker ${settings.id} is not composed yet.`)
}
