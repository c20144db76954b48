import type { BrokerId } from '@tailrace/schemas'
import { pause } from '../../platform/timing/pause.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import type { BrokerBody, ClusterBody } from '../admin/answer-shapes.ts'
import { CommandFailure, ExitCode, explain } from '../command-failure.ts'
import type { Terminal } from '../terminal.ts'
import type { BrokerPages, PageAsking } from './broker-pages.ts'
import { type BrokerHoldings, type HeldPartition, holdingsOf, partitionsIn } from './holdings.ts'
import { brokersText, brokerText, clusterHoldingsText } from './holdings-text.ts'

/** Between two looks of a watch. */
const EVERY_MS = 1_000

export interface Looking {
  readonly admin: AdminClient
  readonly pages: BrokerPages
  /** Asks this broker alone, at its own address. */
  readonly adminOf: (broker: BrokerBody) => AdminClient
  readonly clock: PageAsking['clock']
  readonly json: boolean
  readonly terminal: Terminal
}

interface Seen {
  readonly cluster: ClusterBody
  readonly brokers: readonly BrokerHoldings[]
}

async function look({ admin, pages }: Looking): Promise<Seen> {
  const cluster = (await admin.request('GET', '/cluster')) as ClusterBody
  return { cluster, brokers: (await pages.metrics(cluster.brokers, false)).map(holdingsOf) }
}

/** `tailrace broker list`. */
export async function listBrokers(looking: Looking): Promise<void> {
  const { brokers } = await look(looking)
  looking.terminal.print(looking.json ? JSON.stringify(brokers) : brokersText(brokers, looking.terminal.width))
}

/** @throws CommandFailure UNKNOWN_BROKER */
export async function brokerNamed(id: BrokerId, { admin }: Looking): Promise<BrokerBody> {
  const cluster = (await admin.request('GET', '/cluster')) as ClusterBody
  const broker = cluster.brokers.find((one) => one.id === id)
  if (broker === undefined) {
    const known = cluster.brokers.map((one) => one.id).join(', ')
    const message = `There is no broker ${id} in the cluster; there are ${known}.`
    throw new CommandFailure({ code: 'UNKNOWN_BROKER', message, retriable: false, hint: 'See "tailrace broker list".' })
  }
  return broker
}

/** `tailrace broker describe`. @throws CommandFailure UNKNOWN_BROKER */
export async function describeBroker(id: BrokerId, looking: Looking): Promise<void> {
  const { pages, json, terminal } = looking
  const broker = await brokerNamed(id, looking)
  const [page] = await pages.metrics([broker], true)
  const held = holdingsOf(page!)
  const partitions: readonly HeldPartition[] | null = page!.metrics === null ? null : partitionsIn(page!.metrics)
  terminal.print(json ? JSON.stringify({ ...held, partitions }) : brokerText(held, partitions, terminal.width))
}

/** `tailrace cluster status --watch`: looks each second until the terminal is interrupted. */
export async function watchCluster(looking: Looking): Promise<ExitCode> {
  const { terminal, json, clock } = looking
  const { interrupted } = terminal
  const show = async (text: string): Promise<void> => {
    if (json) return terminal.write(`${text}\n`)
    // From the first line on, over what was there before.
    await terminal.write(terminal.screen ? `\x1b[H\x1b[J${text}\n` : `${text}\n\n`)
  }
  for (let first = true; !interrupted.aborted; first = false) {
    const begun = clock.monotonic()
    try {
      const seen = await look(looking)
      await show(json ? JSON.stringify(documentOf(seen, clock.now())) : textOf(seen, clock.now(), terminal.width))
    } catch (error) {
      if (interrupted.aborted) break
      // A wrong address is told at once; a cluster that goes away is what somebody may watch for.
      if (first || !(error instanceof CommandFailure)) throw error
      await show(json ? JSON.stringify({ at: clock.now(), error: error.shape }) : explain(error, false))
    }
    await pause(clock, Math.max(0, EVERY_MS - (clock.monotonic() - begun)), interrupted)
  }
  return ExitCode.Done
}

function documentOf({ cluster, brokers }: Seen, at: number): object {
  return { at, ...cluster, brokers }
}

function textOf({ cluster, brokers }: Seen, at: number, width: number): string {
  return `${new Date(at).toISOString()}\n\n${clusterHoldingsText(cluster, brokers, width)}`
}
