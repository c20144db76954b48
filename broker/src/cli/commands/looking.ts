import { connectionOf } from '../access/connection.ts'
import { adminClient } from '../admin/admin-client.ts'
import type { BrokerBody } from '../admin/answer-shapes.ts'
import type { Looking } from '../health/look-at-brokers.ts'
import type { Terminal } from '../terminal.ts'
import type { ClientOptions } from './shared-options.ts'

/** A broker that stands still is told, and the others are shown. */
const SILENCE_MS = 5_000

/**
 * What commands need that ask each broker at its own address. Ends the connections when `work` is done. `silenceMs`:
 * how long a broker may say nothing.
 */
export async function withLooking<Result>(
  options: ClientOptions,
  terminal: Terminal,
  work: (looking: Looking) => Promise<Result>,
  silenceMs = SILENCE_MS,
): Promise<Result> {
  const [{ HttpExchanges }, { BrokerPages }, { nodeClock: clock }, connection] = await Promise.all([
    import('../../platform/node/http-exchange.ts'),
    import('../health/broker-pages.ts'),
    import('../../platform/node/clock.ts'),
    connectionOf(options, terminal),
  ])
  const exchanges = new HttpExchanges(connection.tls)
  const signal = terminal.interrupted
  const pages = new BrokerPages({
    connection,
    send: (exchange) => exchanges.send(exchange),
    clock,
    signal,
    answerMs: silenceMs,
  })
  const admin = adminClient(async () => connection, signal, silenceMs)
  const adminOf = (broker: BrokerBody) =>
    adminClient(async () => ({ ...connection, servers: [pages.addressOf(broker)] }), signal, silenceMs)
  try {
    return await work({ admin, adminOf, pages, clock, json: options.json === true, terminal })
  } finally {
    exchanges.close()
  }
}
