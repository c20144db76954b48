import type { ForcedMembers, GroupDescription } from '../../api/admin-api.ts'
import { CommandFailure } from '../command-failure.ts'
import { grouped } from '../quantity.ts'
import type { Terminal } from '../terminal.ts'
import type { AdminClient } from './admin-client.ts'
import type { GroupAddress } from './group-address.ts'

export interface ForceOptions {
  readonly members: readonly number[]
  readonly acceptDataLoss: boolean
  readonly json: boolean
}

/**
 * Makes `members` the only members of a group whose majority is gone permanently. Without --i-accept-data-loss it only
 * says what would be lost.
 */
export async function forceMembers(
  group: GroupAddress,
  options: ForceOptions,
  admin: AdminClient,
  terminal: Terminal,
): Promise<void> {
  if (!options.acceptDataLoss) throw await explanation(group, options, admin)
  const { members } = options
  const by = terminal.environment.USER ?? terminal.environment.USERNAME ?? ''
  const path = `${group.path}/force-members`
  const forced = (await admin.request('POST', path, { members, acceptDataLoss: true, by })) as ForcedMembers
  const { term, highWatermark } = forced
  const text = `${group.name} goes on with ${members.join(',')} in term ${term}, from offset ${highWatermark}; see: tailrace cluster audit`
  terminal.print(options.json ? JSON.stringify(forced) : text)
}

async function explanation(group: GroupAddress, options: ForceOptions, admin: AdminClient): Promise<CommandFailure> {
  const named = options.members.join(',')
  const lines = [`${group.name} would go on with ${named} alone, and with only the records that they have on disk.`]
  const known = await look(group, admin)
  if (known !== null) lines.push(...lossLines(known, options.members))
  lines.push('Records that only the other members have, acknowledged ones among them, would be lost permanently.')
  return new CommandFailure({
    code: 'DATA_LOSS_NOT_ACCEPTED',
    message: lines.join('\n  '),
    retriable: false,
    hint: 'If no majority can ever come back, say so: the same command with --i-accept-data-loss.',
  })
}

/** Null where no broker can tell, as can happen without a majority. */
async function look(group: GroupAddress, admin: AdminClient): Promise<GroupDescription | null> {
  try {
    return (await admin.request('GET', `${group.path}/describe`)) as GroupDescription
  } catch (error) {
    if (error instanceof CommandFailure && error.shape.retriable) return null
    throw error
  }
}

function lossLines(group: GroupDescription, members: readonly number[]): string[] {
  const lines: string[] = []
  if (group.leader !== 0)
    lines.push(`It has a leader, broker ${group.leader}: as long as a majority is alive this is refused.`)
  for (const broker of members) {
    const replica = group.replicas.find((candidate) => candidate.broker === broker)
    if (replica === undefined) lines.push(`Broker ${broker} does not answer; its entries are not known.`)
    else
      lines.push(
        `Broker ${broker} has entries to ${replica.lastIndex} and knows offsets below ${replica.highWatermark} as committed.`,
      )
  }
  const most = Math.max(0, ...group.replicas.map(({ lastIndex }) => lastIndex))
  const kept = Math.max(
    0,
    ...group.replicas.filter(({ broker }) => members.includes(broker)).map((one) => one.lastIndex),
  )
  if (most > kept) lines.push(`Another replica that answers has entries to ${grouped(most)}: name it instead.`)
  return lines
}
