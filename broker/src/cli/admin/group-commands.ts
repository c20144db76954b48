import type { AuditRecord, GroupDescription, MembersDescription } from '../../api/admin-api.ts'
import { CommandFailure } from '../command-failure.ts'
import { sizeText } from '../quantity.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { AdminClient } from './admin-client.ts'
import type { ClusterBody } from './answer-shapes.ts'
import type { GroupAddress } from './group-address.ts'
import { groupText } from './group-text.ts'
import { membersText, type Racks } from './members-text.ts'

/** Commands about one group, and about the cluster, that ask once and print the answer. */
export interface Asking {
  readonly json: boolean
  readonly admin: AdminClient
  readonly terminal: Terminal
}

export async function showMembers(group: GroupAddress, asking: Asking): Promise<void> {
  const members = (await asking.admin.request('GET', `${group.path}/members`)) as MembersDescription
  const racks = asking.json ? new Map() : await racksOf(asking.admin)
  print(asking, members, membersText(group.name, members, asking.terminal.width, racks))
}

/** Empty for a person who may not describe the cluster. */
async function racksOf(admin: AdminClient): Promise<Racks> {
  try {
    const { brokers } = (await admin.request('GET', '/cluster')) as ClusterBody
    return new Map(brokers.flatMap(({ id, rack }) => (rack === undefined ? [] : [[id, rack]])))
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    return new Map()
  }
}

export async function describeGroup(group: GroupAddress, asking: Asking): Promise<void> {
  const described = (await asking.admin.request('GET', `${group.path}/describe`)) as GroupDescription
  print(asking, described, groupText(group.name, described, asking.terminal.width))
}

/** `to` null: the preferred replica. */
export async function transferLeadership(group: GroupAddress, to: number | null, asking: Asking): Promise<void> {
  const answer = await asking.admin.request('POST', `${group.path}/leader`, to === null ? {} : { to })
  const { leader } = answer as { leader: number }
  print(asking, answer, `${group.name} is led by broker ${leader}`)
}

export async function takeSnapshot(
  group: GroupAddress,
  request: { readonly broker: number; readonly thenFetch: boolean },
  asking: Asking,
): Promise<void> {
  const answer = await asking.admin.request('POST', `${group.path}/snapshot`, request)
  const { index, bytes } = answer as { index: number; bytes: number }
  const fetched = request.thenFetch ? '; late replicas take it from there' : ''
  const text = `broker ${request.broker} took a snapshot of ${group.name} to entry ${index}, ${sizeText(bytes)}${fetched}`
  print(asking, answer, text)
}

export async function setPriority(
  group: GroupAddress,
  request: { readonly broker: number; readonly factor: number },
  asking: Asking,
): Promise<void> {
  await asking.admin.request('PUT', `${group.path}/priority`, request)
  const { broker, factor } = request
  const text =
    factor === 1
      ? `broker ${broker} campaigns for ${group.name} like all others`
      : `broker ${broker} waits ${factor} times as long as others before it campaigns for ${group.name}`
  print(asking, request, text)
}

export async function removeBroker(broker: number, asking: Asking): Promise<void> {
  await asking.admin.request('DELETE', `/cluster/brokers/${broker}`)
  print(asking, { removed: broker }, `broker ${broker} is out of the cluster permanently`)
}

export async function showAudit(asking: Asking): Promise<void> {
  const { records } = (await asking.admin.request('GET', '/cluster/audit')) as { records: AuditRecord[] }
  print(
    asking,
    records,
    records.length === 0 ? 'Nothing has been recorded.' : auditTable(records, asking.terminal.width),
  )
}

/** `level` undefined: only shows; null: to the highest that all brokers support. */
export async function featureLevel(level: number | null | undefined, asking: Asking): Promise<void> {
  const { admin } = asking
  if (level !== undefined) {
    const answer = await admin.request('POST', '/cluster/feature-level', level === null ? {} : { level })
    print(asking, answer, `the feature level of the cluster is ${(answer as { level: number }).level}`)
    return
  }
  const { featureLevel: present = 1, brokers } = (await admin.request('GET', '/cluster')) as ClusterBody
  const levels = brokers.map(({ id, featureLevels = { lowest: 1, highest: 1 } }) => ({ id, ...featureLevels }))
  const rows = table(
    levels,
    [
      { title: 'BROKER', of: ({ id }) => id, right: true },
      { title: 'LOWEST', of: ({ lowest }) => lowest, right: true },
      { title: 'HIGHEST', of: ({ highest }) => highest, right: true },
    ],
    asking.terminal.width,
  )
  print(asking, { featureLevel: present, brokers: levels }, `feature level  ${present}\n\n${rows}`)
}

function auditTable(records: readonly AuditRecord[], width: number): string {
  return table(
    records,
    [
      { title: 'TIME', of: (record) => new Date(record.at).toISOString() },
      { title: 'BROKER', of: (record) => record.broker, right: true },
      { title: 'BY', of: (record) => record.by },
      { title: 'ACTION', of: (record) => record.action },
      { title: 'TARGET', of: (record) => record.target },
      { title: 'DETAIL', of: (record) => record.detail },
    ],
    width,
  )
}

function print({ json, terminal }: Asking, answer: unknown, text: string): void {
  terminal.print(json ? JSON.stringify(answer) : text)
}
