import { type Clock, type EmbeddedSettings, type LogLine, nodeClock } from 'tailrace/embedded'
import { realMachine } from './machine.ts'
import { memoryWiring, memoryWiringWithTls } from './network/memory-wiring.ts'
import { tcpWiring } from './network/tcp-wiring.ts'
import type { Wiring } from './network/wiring.ts'
import { SkippingClock } from './skipping-clock.ts'
import { TestBroker } from './test-broker.ts'
import { TestCluster } from './test-cluster.ts'

export interface ClusterOptions {
  /** Default: 3. */
  readonly brokers?: number
  /** Cascade brokers that copy from them. Default: 0. */
  readonly cascades?: number
  /** Of all brokers, by the names of docs/configuration.md; default: those of a cluster on a fast network. */
  readonly settings?: EmbeddedSettings
  /**
   * Brokers keep their data in folders of this one, on the disk and with the state store of a real broker, which are
   * left when the cluster is closed; default: in memory.
   */
  readonly folder?: string
  /**
   * Between brokers: in memory, or TCP on 127.0.0.1. Cuts and kills are the same over both; TCP takes the way through
   * the system that brokers take in production. Default: `memory`.
   */
  readonly network?: 'memory' | 'tcp'
  /** Gets each line of the brokers' logs; default: nobody does. */
  readonly log?: (line: LogLine) => void
}

const MOST_BROKERS = 250
/** A hundred clusters that start at once share the processor. */
const LONGEST_START_MS = 120_000

const MiB = 1024 * 1024

/** Elections that are over soon, and files that are allocated ahead in memory only for what tests write. */
const quick: EmbeddedSettings = {
  electionTimeoutMs: 100,
  heartbeatMs: 40,
  journalFileBytes: 2 * MiB,
  segmentBytes: 16 * MiB,
  tailBytes: 8 * MiB,
}

/**
 * Starts real brokers within this process, on disks and a network in memory by default; resolves when all are ready.
 * Clusters know nothing of each other: any number may run at once.
 * @throws TailraceError INVALID_SETTING; RangeError for a number of brokers, or a network, that is none
 */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const { brokers = 3, cascades = 0, settings = {}, log = null, folder = null, network: kind = 'memory' } = options
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > MOST_BROKERS)
    throw new RangeError(`brokers is ${brokers}, but must be a whole number from 1 to ${MOST_BROKERS}.`)
  if (!Number.isInteger(cascades) || cascades < 0 || cascades > MOST_BROKERS)
    throw new RangeError(`cascades is ${cascades}, but must be a whole number from 0 to ${MOST_BROKERS}.`)
  const clock = new SkippingClock(nodeClock)
  const { network, place } = wiringOf(kind, settings)(clock)
  const ids = Array.from({ length: brokers + cascades }, (_, at) => at + 1)
  const machines = await Promise.all(
    ids.map(async (id) => realMachine(id, { ...(await place(id)), clock, network, log, folder })),
  )
  const given = { ...quick, ...settings }
  const founding = { ...given, join: machines.slice(0, brokers).map(({ peer }) => peer) }
  const level0 = machines.slice(0, brokers).map((machine) => new TestBroker(machine, founding))
  const cluster = new TestCluster(
    level0,
    machines.slice(brokers).map((machine) => new TestBroker(machine, given, level0)),
    machines,
    { network, clock },
  )
  try {
    await Promise.all([...cluster.brokers, ...cluster.cascades].map((broker) => broker.start()))
    await cluster.ready(LONGEST_START_MS)
  } catch (error) {
    await cluster.close()
    throw error
  }
  return cluster
}

function wiringOf(kind: ClusterOptions['network'], { tls = 'off' }: EmbeddedSettings): (clock: Clock) => Wiring {
  if (kind === 'tcp') return tcpWiring
  if (kind === 'memory') return tls === 'off' ? memoryWiring : memoryWiringWithTls
  throw new RangeError(`network is ${String(kind)}, but must be memory or tcp.`)
}
