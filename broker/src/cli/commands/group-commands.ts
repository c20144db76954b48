import { Command } from 'commander'
import type { GroupAddress } from '../admin/group-address.ts'
import { metadataGroup, parseBroker, parseBrokers, partitionAddress } from '../admin/group-address.ts'
import type { Asking } from '../admin/group-commands.ts'
import type { ExitCode } from '../command-failure.ts'
import { UsageError } from '../command-failure.ts'
import { parseCount } from '../option-values.ts'
import type { CommandContext } from './context.ts'
import type { ClientOptions } from './shared-options.ts'
import { askingOf, jsonOption, serverOption } from './shared-options.ts'

/** Commands that `tailrace partition` and `tailrace cluster` share: for a partition and for the metadata group. */
export interface GroupKind {
  /** For descriptions: "a partition". */
  readonly about: string
  /** Null where there is one group only. */
  readonly argument: string | null
  /** The flag of `change`. */
  readonly wanted: '--replicas' | '--voters'
  address(text: string | undefined): GroupAddress
}

export const partitionKind: GroupKind = {
  about: 'a partition',
  argument: '<topic/partition>',
  wanted: '--replicas',
  address: (text) => partitionAddress(text ?? ''),
}

export const metadataKind: GroupKind = {
  about: 'the metadata group',
  argument: null,
  wanted: '--voters',
  address: () => metadataGroup,
}

type Flags = ClientOptions & Readonly<Record<string, string | boolean | string[] | undefined>>
type Work = (group: GroupAddress, flags: Flags, asking: Asking) => Promise<ExitCode | undefined>
const asks = () => import('../admin/group-commands.ts')

export function groupCommands(kind: GroupKind, context: CommandContext): Command[] {
  return [
    members(kind, context),
    change(kind, context),
    transfer(kind, context),
    describe(kind, context),
    forceMembers(kind, context),
    snapshot(kind, context),
    priority(kind, context),
  ]
}

/** A command about one group with the options that all have. */
function newCommand(name: string, about: string, kind: GroupKind, context: CommandContext, work: Work): Command {
  const { terminal, run } = context
  const command = new Command(name).description(about).addOption(serverOption()).addOption(jsonOption())
  const act = (text: string | undefined, flags: Flags): Promise<void> =>
    run(async () => {
      const group = kind.address(text)
      return (await work(group, flags, askingOf(flags, terminal))) ?? 0
    })
  if (kind.argument === null) return command.action((flags: Flags) => act(undefined, flags))
  return command.argument(kind.argument, 'like flights/3').action(act)
}

function members(kind: GroupKind, context: CommandContext): Command {
  const about = `show the members of ${kind.about} and the progress of each`
  return newCommand('members', about, kind, context, async (group, _flags, asking) => {
    await (await asks()).showMembers(group, asking)
    return undefined
  })
}

function describe(kind: GroupKind, context: CommandContext): Command {
  const about = `show everything about ${kind.about}: roles, progress, snapshot, newest entries`
  return newCommand('describe', about, kind, context, async (group, _flags, asking) => {
    await (await asks()).describeGroup(group, asking)
    return undefined
  })
}

function change(kind: GroupKind, context: CommandContext): Command {
  const about = `change the members of ${kind.about}; shows the progress until it is done`
  const command = newCommand('change', about, kind, context, async (group, flags, asking) => {
    const { cancelChange, changeMembers } = await import('../admin/change-members.ts')
    const wanted = flags[kind.wanted.slice(2)] as string | undefined
    if (flags.cancel === true) {
      if (wanted !== undefined)
        throw new UsageError(`--cancel gives up a change; ${kind.wanted} asks for one: use one of them`)
      await cancelChange(group, asking.json, asking.admin, asking.terminal)
      return undefined
    }
    const { nodeClock } = await import('../../platform/node/clock.ts')
    const replicas = parseBrokers(kind.wanted, wanted, `${group.command('change')} ${kind.wanted} 2,3,4`)
    const options = { replicas, wait: flags.wait !== false, json: asking.json }
    return changeMembers(group, options, asking.admin, nodeClock, asking.terminal)
  })
  return command
    .option(`${kind.wanted} <brokers>`, 'all members that it shall have, the preferred leader first, like 2,3,4')
    .option('--no-wait', 'return when the change is recorded')
    .option('--cancel', 'give up the change that is under way')
}

function transfer(kind: GroupKind, context: CommandContext): Command {
  const about = `transfer the leadership of ${kind.about} to another member`
  const command = newCommand('transfer', about, kind, context, async (group, flags, asking) => {
    const to = flags.to === undefined ? null : parseBroker('--to', flags.to as string, '--to 2')
    await (await asks()).transferLeadership(group, to, asking)
    return undefined
  })
  return command.option('--to <broker>', 'the new leader (default: the preferred member)')
}

function forceMembers(kind: GroupKind, context: CommandContext): Command {
  const about = `LAST RESORT: go on with some members of ${kind.about} when the majority is gone permanently`
  const command = newCommand('force-members', about, kind, context, async (group, flags, asking) => {
    const example = `${group.command('force-members')} --members 1`
    const chosen = parseBrokers('--members', flags.members as string | undefined, example)
    const options = { members: chosen, acceptDataLoss: flags.iAcceptDataLoss === true, json: asking.json }
    const { forceMembers: force } = await import('../admin/force-members.ts')
    await force(group, options, asking.admin, asking.terminal)
    return undefined
  })
  return command
    .option('--members <brokers>', 'living members, which become the only ones')
    .option('--i-accept-data-loss', 'without this the command only says what would be lost')
}

function snapshot(kind: GroupKind, context: CommandContext): Command {
  const about = `let a broker take a snapshot of ${kind.about} now`
  const command = newCommand('snapshot', about, kind, context, async (group, flags, asking) => {
    const broker = parseBroker('--broker', flags.broker as string | undefined, '--broker 3')
    await (await asks()).takeSnapshot(group, { broker, thenFetch: flags.thenFetch === true }, asking)
    return undefined
  })
  return command
    .option('--broker <broker>', 'the broker whose replica takes it')
    .option('--then-fetch', 'late replicas take it from that broker instead of from the leader')
}

function priority(kind: GroupKind, context: CommandContext): Command {
  const about = `let a member of ${kind.about} campaign later than others`
  const command = newCommand('priority', about, kind, context, async (group, flags, asking) => {
    const broker = parseBroker('--broker', flags.broker as string | undefined, '--broker 2')
    if (flags.factor === undefined)
      throw new UsageError('--factor is missing: how many times longer it waits, like --factor 3')
    const factor = parseCount('--factor', flags.factor as string, 1, 10)
    await (await asks()).setPriority(group, { broker, factor }, asking)
    return undefined
  })
  return command
    .option('--broker <broker>', 'the member')
    .option('--factor <count>', 'how many times longer it waits before it campaigns; 1: like all others')
}
