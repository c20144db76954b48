import type {
  ConsumerGroupDescription,
  ConsumerGroupMember,
  ConsumerGroupProgress,
  ListedConsumerGroup,
} from '../../api/consumer-groups-api.ts'
import type { MovedPosition } from '../../consumer-groups/positions/reset-positions.ts'
import { UsageError } from '../command-failure.ts'
import { grouped, plural } from '../quantity.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { Asking } from './group-commands.ts'

/** As GET /consumer-groups/{group} answers. */
type GroupBody = Omit<ConsumerGroupDescription, 'kind'> & { readonly group: string }

const MOST_INPUT_BYTES = 16 * 1024 * 1024

export async function listGroups({ admin, json, terminal }: Asking): Promise<void> {
  const { groups } = (await admin.request('GET', '/consumer-groups')) as { groups: ListedConsumerGroup[] }
  terminal.print(
    json
      ? JSON.stringify(groups)
      : table(
          groups,
          [
            { title: 'GROUP', of: ({ group }) => group },
            { title: 'STATE', of: ({ state }) => state },
            { title: 'MEMBERS', of: ({ members }) => members, right: true },
            { title: 'LAG', of: ({ lag }) => lagText(lag), right: true },
            { title: 'STUCK', of: ({ stuck }) => stuck, right: true },
            { title: 'TOPICS', of: ({ topics }) => topics.join(', ') },
          ],
          terminal.width,
        ),
  )
}

export async function describeGroup(group: string, { admin, json, terminal }: Asking): Promise<void> {
  const body = (await admin.request('GET', pathOf(group))) as GroupBody
  if (json) return terminal.print(JSON.stringify(body))
  const { state, members, partitions, delayed } = body
  const later = delayed === 0 ? '' : `, ${plural(delayed, 'record')} to come again later`
  terminal.print(`${group}: ${state}, ${plural(members.length, 'member')}${later}`)
  if (members.length > 0) terminal.print(`\n${membersText(members, partitions, terminal.width)}`)
  for (const { id, stuck } of members) {
    for (const { topic, partition, offset, sinceMs } of stuck) {
      const since = Math.round(sinceMs / 1000)
      terminal.print(`member ${id} has held ${topic}/${partition} offset ${offset} for ${since} s`)
    }
  }
  if (partitions.length > 0) terminal.print(`\n${partitionsText(partitions, terminal.width)}`)
}

export async function showLag(group: string, { admin, json, terminal }: Asking): Promise<void> {
  const { partitions } = (await admin.request('GET', pathOf(group))) as GroupBody
  const lags = partitions.map(({ topic, partition, offset, end, lag }) => ({ topic, partition, offset, end, lag }))
  if (json) return terminal.print(JSON.stringify(lags))
  terminal.print(partitionsText(partitions, terminal.width))
  const known = lags.filter(({ lag }) => lag >= 0)
  const missing = lags.length - known.length
  const without = missing === 0 ? '' : `; ${plural(missing, 'partition')} without a known lag`
  terminal.print(`\n${grouped(known.reduce((sum, { lag }) => sum + lag, 0))} records in all${without}`)
}

export async function resetGroup(
  group: string,
  { to, topics, dryRun }: { readonly to: string; readonly topics: readonly string[]; readonly dryRun: boolean },
  { admin, json, terminal }: Asking,
): Promise<void> {
  const wish = { to, dryRun, ...(topics.length > 0 && { topics }) }
  const answer = (await admin.request('POST', pathOf(group, '/reset'), wish)) as { positions: MovedPosition[] }
  if (json) return terminal.print(JSON.stringify(answer))
  const columns = [
    { title: 'TOPIC', of: ({ topic }: MovedPosition) => topic },
    { title: 'PARTITION', of: ({ partition }: MovedPosition) => partition, right: true },
    { title: 'FROM', of: ({ from }: MovedPosition) => (from < 0 ? '-' : from), right: true },
    { title: 'TO', of: ({ offset }: MovedPosition) => offset, right: true },
  ] as const
  terminal.print(table(answer.positions, columns, terminal.width))
  terminal.print(dryRun ? '\nnothing was changed: --dry-run' : `\nmoved ${plural(answer.positions.length, 'position')}`)
}

export async function deleteGroup(group: string, { admin, json, terminal }: Asking): Promise<void> {
  await admin.request('DELETE', pathOf(group))
  terminal.print(json ? JSON.stringify({ deleted: group }) : `deleted group ${group}`)
}

/** Prints JSON whether or not it is asked for: it is there to be read by `import`. */
export async function exportGroup(group: string, { admin, terminal }: Asking): Promise<void> {
  terminal.print(JSON.stringify(await admin.request('GET', pathOf(group, '/positions'))))
}

/** @throws UsageError: standard input is not what `export` prints */
export async function importGroup(group: string, { admin, json, terminal }: Asking): Promise<void> {
  const { positions } = await exportedIn(terminal)
  await admin.request('PUT', pathOf(group, '/positions'), { positions })
  const set = positions.length
  terminal.print(json ? JSON.stringify({ group, positions: set }) : `set ${plural(set, 'position')} of group ${group}`)
}

async function exportedIn(terminal: Terminal): Promise<{ readonly positions: readonly unknown[] }> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of terminal.input()) {
    bytes += chunk.length
    if (bytes > MOST_INPUT_BYTES) throw new UsageError('standard input is longer than 16 MiB')
    chunks.push(chunk)
  }
  try {
    const read = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { positions?: unknown } | null
    if (Array.isArray(read?.positions)) return { positions: read.positions }
  } catch {
    // Told below.
  }
  throw new UsageError('standard input is not what "tailrace group export" prints')
}

function membersText(
  members: readonly ConsumerGroupMember[],
  partitions: readonly ConsumerGroupProgress[],
  width: number,
): string {
  const count = (id: string) => partitions.filter(({ member }) => member === id).length
  return table(
    members,
    [
      { title: 'MEMBER', of: ({ id }) => id },
      { title: 'INSTANCE', of: ({ instance }) => instance || '-' },
      { title: 'CLIENT ID', of: ({ clientId }) => clientId || '-' },
      { title: 'HOST', of: ({ host }) => host },
      { title: 'PARTITIONS', of: ({ id }) => count(id), right: true },
      { title: 'SUBSCRIBED', of: ({ topics, patterns }) => [...topics, ...patterns].join(', ') },
    ],
    width,
  )
}

function partitionsText(partitions: readonly ConsumerGroupProgress[], width: number): string {
  return table(
    partitions,
    [
      { title: 'TOPIC', of: ({ topic }) => topic },
      { title: 'PARTITION', of: ({ partition }) => partition, right: true },
      { title: 'POSITION', of: ({ offset }) => (offset < 0 ? '-' : offset), right: true },
      { title: 'END', of: ({ end }) => (end < 0 ? '?' : end), right: true },
      { title: 'LAG', of: ({ lag }) => lagText(lag), right: true },
      { title: 'MEMBER', of: ({ member }) => member || '-' },
    ],
    width,
  )
}

function lagText(lag: number): string {
  return lag < 0 ? '?' : grouped(lag)
}

function pathOf(group: string, rest = ''): string {
  return `/consumer-groups/${encodeURIComponent(group)}${rest}`
}
