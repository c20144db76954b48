import { Command } from 'commander'
import type { Asking } from '../admin/group-commands.ts'
import { ExitCode } from '../command-failure.ts'
import { type Confirmed, confirm, yesOption } from '../confirmation.ts'
import type { CommandContext } from './context.ts'
import type { ClientOptions } from './shared-options.ts'
import { askingOf, withServer } from './shared-options.ts'

interface ResetOptions extends ClientOptions, Confirmed {
  readonly to: string
  readonly topic: string[]
  readonly dryRun?: boolean
}

type Work<Options> = (group: string, asking: Asking, options: Options) => Promise<void>

const commands = () => import('../admin/consumer-group-commands.ts')

/** `tailrace group list|describe|lag|reset|delete|export|import`: consumer groups. */
export function groupCommand(context: CommandContext): Command {
  return new Command('group')
    .addCommand(list(context))
    .addCommand(describe(context))
    .addCommand(lag(context))
    .addCommand(reset(context))
    .addCommand(remove(context))
    .addCommand(exportPositions(context))
    .addCommand(importPositions(context))
}

/** A command about one group. */
function newCommand<Options extends ClientOptions>(
  name: string,
  about: string,
  { terminal, run }: CommandContext,
  work: Work<Options>,
): Command {
  return withServer(new Command(name).description(about))
    .argument('<group>')
    .action((group: string, options: Options) =>
      run(async () => {
        await work(group, askingOf(options, terminal), options)
        return ExitCode.Done
      }),
    )
}

function list({ terminal, run }: CommandContext): Command {
  return withServer(new Command('list').description('list all consumer groups, with their lag')).action(
    (options: ClientOptions) =>
      run(async () => {
        await (await commands()).listGroups(askingOf(options, terminal))
        return ExitCode.Done
      }),
  )
}

function describe(context: CommandContext): Command {
  const about = 'show the members of a group, and who has which partition'
  return newCommand('describe', about, context, async (group, asking) =>
    (await commands()).describeGroup(group, asking),
  )
}

function lag(context: CommandContext): Command {
  const about = 'show how far a group is behind the end of each partition'
  return newCommand('lag', about, context, async (group, asking) => (await commands()).showLag(group, asking))
}

function reset(context: CommandContext): Command {
  const about = 'move the positions of a group that has no members'
  const work: Work<ResetOptions> = async (group, asking, options) => {
    const { to, topic: topics, dryRun = false } = options
    if (!dryRun) await confirm(`This moves the positions of group ${group}`, group, options, context.terminal)
    await (await commands()).resetGroup(group, { to, topics, dryRun }, asking)
  }
  return newCommand('reset', about, context, work)
    .addOption(yesOption())
    .requiredOption('--to <place>', 'earliest, latest, an offset, a time, or a number of records like -100')
    .option(
      '--topic <name>',
      'a topic; may be given several times (default: all that the group has positions of)',
      (value, before: string[]) => [...before, value],
      [],
    )
    .option('--dry-run', 'show what would be done, and do nothing')
}

function remove(context: CommandContext): Command {
  const about = 'delete a group that has no members, with its positions'
  const work: Work<ClientOptions & Confirmed> = async (group, asking, options) => {
    await confirm(`This deletes group ${group} with its positions`, group, options, context.terminal)
    await (await commands()).deleteGroup(group, asking)
  }
  return newCommand('delete', about, context, work).addOption(yesOption())
}

function exportPositions(context: CommandContext): Command {
  const about = 'print the committed positions of a group as JSON'
  return newCommand('export', about, context, async (group, asking) => (await commands()).exportGroup(group, asking))
}

function importPositions(context: CommandContext): Command {
  const about = 'set the positions of a group; reads what "export" prints'
  return newCommand('import', about, context, async (group, asking) => (await commands()).importGroup(group, asking))
}
