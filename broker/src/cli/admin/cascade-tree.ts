import type { CascadeReport } from '@tailrace/schemas'
import type { ClusterDescription } from '../../api/broker-api.ts'
import type { CascadeStatus } from '../../cascade/wire/cascade-messages.ts'
import { sizeText } from '../quantity.ts'
import type { Asking } from './group-commands.ts'

/** A broker and those that copy from it. */
interface Branch {
  readonly broker: number
  readonly http: string
  readonly level: number
  /** Missing: it has not been told. */
  readonly rack?: string
  readonly lagRecords?: number
  readonly lagBytes?: number
  readonly lagMs?: number
  readonly below: readonly Branch[]
}

interface Tree {
  readonly brokers: readonly Branch[]
  /** Cascade brokers that have no source, or an unknown one. */
  readonly withoutSource: readonly Branch[]
}

export async function cascadeTree({ admin, json, terminal }: Asking): Promise<void> {
  const cluster = (await admin.request('GET', '/cluster')) as ClusterDescription
  const { brokers } = (await admin.request('GET', '/cascade')) as CascadeStatus
  const tree = treeOf(cluster, brokers)
  terminal.print(json ? JSON.stringify(tree) : textOf(tree))
}

function treeOf(cluster: ClusterDescription, cascades: readonly CascadeReport[]): Tree {
  const placed = new Set<number>()
  const below = (source: number): Branch[] => cascades.filter((one) => one.source === source).flatMap(branch)
  const branch = ({ broker, http, level, rack = '', ...report }: CascadeReport): Branch[] => {
    // Reports of different ages may say that two brokers copy from each other.
    if (placed.has(broker)) return []
    placed.add(broker)
    const { lagRecords, lagBytes, lagMs } = report
    const lag = { lagRecords, lagBytes, lagMs }
    return [{ broker, http, level, ...(rack !== '' && { rack }), ...lag, below: below(broker) }]
  }
  const top = cluster.brokers.filter(({ level }) => level === 0)
  const brokers = top.map(({ id, http, level, rack }) => {
    return { broker: id, http, level, ...(rack !== undefined && { rack }), below: below(id) }
  })
  const known = new Set(cascades.map(({ broker }) => broker))
  const lost = cascades.filter(({ source }) => source === 0 || !known.has(source))
  const withoutSource = [...lost, ...cascades].flatMap(branch)
  return { brokers, withoutSource }
}

function textOf({ brokers, withoutSource }: Tree): string {
  const lines = brokers.flatMap((top) => [lineOf(top), ...linesBelow(top.below, '')])
  if (withoutSource.length > 0) lines.push('without a source', ...linesBelow(withoutSource, ''))
  return lines.join('\n')
}

function linesBelow(branches: readonly Branch[], indent: string): string[] {
  return branches.flatMap((branch, at) => {
    const isLast = at === branches.length - 1
    const own = `${indent}${isLast ? '└─ ' : '├─ '}${lineOf(branch)}`
    return [own, ...linesBelow(branch.below, `${indent}${isLast ? '   ' : '│  '}`)]
  })
}

function lineOf({ broker, http, level, rack, lagRecords, lagBytes = 0, lagMs = 0 }: Branch): string {
  const place = rack === undefined ? '' : `, rack ${rack}`
  const lag = lagRecords === undefined ? '' : `, ${lagRecords} records, ${sizeText(lagBytes)}, ${lagMs / 1000} s behind`
  return `${broker} (level ${level}, ${http}${place}${lag})`
}
