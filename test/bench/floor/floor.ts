import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../../broker/src/platform/testing/free-ports.ts'

export interface FloorOptions {
  readonly producers: number
  /** How many of the three nodes lead: 1 for one partition, 3 for many. */
  readonly leaders: number
  readonly pieceBytes: number
  /** Unacknowledged bytes of a producer to each leader. */
  readonly windowBytes: number
  readonly seconds: number
  /** Whether the bytes are kept (a growing file) or overwritten (a recycled one). */
  readonly keep: boolean
}

export interface FloorResult {
  readonly megabytesPerSecond: number
  readonly cpuSecondsPerGigabyte: number
  readonly syncsPerSecond: number
  readonly peakNodeBytes: number
}

interface NodeReport {
  readonly cpuSeconds: number
  readonly syncs: number
  readonly peakBytes: number
}

/** Runs the floor once: three nodes, the producers, real processes, real files. */
export async function runFloor(options: FloorOptions): Promise<FloorResult> {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-floor-'))
  const ports = await freePorts(6)
  const nodes = [0, 1, 2].map(() => fork(join(import.meta.dirname, 'node.ts')))
  try {
    nodes.forEach((node, at) => {
      node.send({
        clientPort: ports[at],
        peerPort: ports[at + 3],
        peerPorts: ports.slice(3).filter((_, other) => other !== at),
        file: join(folder, `node-${at}`),
        keep: options.keep,
      })
    })
    await Promise.all(nodes.map((node) => once(node, 'message')))
    const before = await Promise.all(nodes.map(report))
    const producers = await Promise.all(
      Array.from({ length: options.producers }, () =>
        runProducer({ ...options, leaderPorts: ports.slice(0, options.leaders) }),
      ),
    )
    const after = await Promise.all(nodes.map(report))
    const bytes = producers.reduce((sum, producer) => sum + producer.bytes, 0)
    const nodeCpu = after.reduce((sum, node, at) => sum + node.cpuSeconds - before[at]!.cpuSeconds, 0)
    const producerCpu = producers.reduce((sum, producer) => sum + producer.cpuSeconds, 0)
    return {
      megabytesPerSecond: bytes / options.seconds / 1e6,
      cpuSecondsPerGigabyte: (nodeCpu + producerCpu) / (bytes / 1e9),
      syncsPerSecond: after.reduce((sum, node, at) => sum + node.syncs - before[at]!.syncs, 0) / options.seconds,
      peakNodeBytes: Math.max(...after.map((node) => node.peakBytes)),
    }
  } finally {
    for (const node of nodes) node.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}

async function report(node: ChildProcess): Promise<NodeReport> {
  node.send('report')
  const [answer] = (await once(node, 'message')) as [NodeReport]
  return answer
}

async function runProducer(order: object): Promise<{ bytes: number; cpuSeconds: number }> {
  const producer = fork(join(import.meta.dirname, 'producer.ts'))
  producer.send(order)
  const [answer] = (await once(producer, 'message')) as [{ bytes: number; cpuSeconds: number }]
  producer.kill('SIGKILL')
  return answer
}
