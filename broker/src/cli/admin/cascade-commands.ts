import type { CascadeReport } from '@tailrace/schemas'
import type { CascadeStatus } from '../../cascade/wire/cascade-messages.ts'
import { sizeText } from '../quantity.ts'
import { table } from '../table.ts'
import type { Asking } from './group-commands.ts'

export async function cascadeStatus({ admin, json, terminal }: Asking): Promise<void> {
  const status = (await admin.request('GET', '/cascade')) as CascadeStatus
  terminal.print(json ? JSON.stringify(status) : cascadeText(status, terminal.width))
}

/** `source` 0: the cluster chooses. */
export async function assignSource(broker: number, source: number, { admin, json, terminal }: Asking): Promise<void> {
  await admin.request('PUT', `/cascade/brokers/${broker}/source`, { source })
  const text =
    source === 0 ? `the source of broker ${broker} is chosen by the cluster` : `broker ${broker} copies from ${source}`
  terminal.print(json ? JSON.stringify({ broker, source }) : text)
}

const rackColumn = { title: 'RACK', of: ({ rack = '' }: CascadeReport) => rack }

function cascadeText({ brokers }: CascadeStatus, width: number): string {
  const below = new Map<number, number>()
  for (const { source } of brokers) below.set(source, (below.get(source) ?? 0) + 1)
  return table(
    [...brokers].sort((a, b) => a.level - b.level || a.broker - b.broker),
    [
      { title: 'BROKER', of: ({ broker }) => broker, right: true },
      { title: 'LEVEL', of: ({ level }) => level, right: true },
      { title: 'HTTP', of: ({ http }) => http },
      ...(brokers.some(({ rack = '' }) => rack !== '') ? [rackColumn] : []),
      { title: 'SOURCE', of: ({ source }) => (source === 0 ? 'none' : source), right: true },
      { title: 'ASSIGNED', of: ({ assigned, pinned }) => assignedText(assigned, pinned), right: true },
      { title: 'LAG', of: ({ lagRecords }) => `${lagRecords} records`, right: true },
      { title: 'SIZE', of: ({ lagBytes }) => sizeText(lagBytes), right: true },
      { title: 'BEHIND FOR', of: ({ lagMs }) => `${lagMs} ms`, right: true },
      { title: 'BELOW', of: ({ broker }) => below.get(broker) ?? 0, right: true },
      { title: 'SENT', of: ({ sentBytesPerSecond = -1 }) => rateText(sentBytesPerSecond), right: true },
      { title: 'PARTITIONS', of: ({ partitions }) => partitions, right: true },
      { title: 'STOPPED', of: ({ stopped }) => stopped, right: true },
      { title: 'MISSED', of: ({ missedRecords = 0 }) => missedRecords, right: true },
      { title: 'TOPICS', of: ({ topics = [] }) => topics.join(',') || 'all' },
    ],
    width,
  )
}

function rateText(bytesPerSecond: number): string {
  return bytesPerSecond < 0 ? 'not told' : `${sizeText(bytesPerSecond)}/s`
}

function assignedText(assigned: number, pinned: number): string {
  return `${assigned === 0 ? 'none' : assigned}${pinned === 0 ? '' : ' (chosen)'}`
}
