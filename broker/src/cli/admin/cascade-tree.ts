import { type CascadeBranch, type CascadeTree, cascadeTreeOf } from '@tailrace/client'
import type { ClusterDescription } from '../../api/broker-api.ts'
import type { CascadeStatus } from '../../cascade/wire/cascade-messages.ts'
import { sizeText } from '../quantity.ts'
import type { Asking } from './group-commands.ts'

export async function cascadeTree({ admin, json, terminal }: Asking): Promise<void> {
  const cluster = (await admin.request('GET', '/cluster')) as ClusterDescription
  const { brokers } = (await admin.request('GET', '/cascade')) as CascadeStatus
  const tree = cascadeTreeOf(cluster, brokers)
  terminal.print(json ? JSON.stringify(tree) : textOf(tree))
}

function textOf({ brokers, withoutSource }: CascadeTree): string {
  const lines = brokers.flatMap((top) => [lineOf(top), ...linesBelow(top.below, '')])
  if (withoutSource.length > 0) lines.push('without a source', ...linesBelow(withoutSource, ''))
  return lines.join('\n')
}

function linesBelow(branches: readonly CascadeBranch[], indent: string): string[] {
  return branches.flatMap((branch, at) => {
    const isLast = at === branches.length - 1
    const own = `${indent}${isLast ? '└─ ' : '├─ '}${lineOf(branch)}`
    return [own, ...linesBelow(branch.below, `${indent}${isLast ? '   ' : '│  '}`)]
  })
}

function lineOf({ broker, http, level, rack, lagRecords, lagBytes = 0, lagMs = 0 }: CascadeBranch): string {
  const place = rack === undefined ? '' : `, rack ${rack}`
  const lag = lagRecords === undefined ? '' : `, ${lagRecords} records, ${sizeText(lagBytes)}, ${lagMs / 1000} s behind`
  return `${broker} (level ${level}, ${http}${place}${lag})`
}
