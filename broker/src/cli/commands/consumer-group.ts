import { Command } from 'commander'
import { ExitCode } from '../command-failure.ts'
import type { CommandContext } from './context.ts'
import type { ClientOptions } from './shared-options.ts'
import { adminOf, jsonOption, serverOption } from './shared-options.ts'

interface ResetOptions extends ClientOptions {
  readonly to: string
  readonly topic: string[]
  readonly dryRun?: boolean
}

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

function list({ terminal, run }: CommandContext): Command {
  return withServer(new Command('list').description('list all consumer groups, with their lag')).action(
    (options: ClientOptions) =>
      run(async () => {
        await (await commands()).listGroups(asking(options, terminal))
        return ExitCode.Done
      }),
  )
}

function describe({ terminal, run }: CommandContext): Command {
  return withServer(new Command('describe').description('show the members of a group, and who has which partition'))
    .argument('<group>')
    .action((group: string, options: ClientOptions) =>
      run(async () => {
        await (await commands()).describeGroup(group, asking(options, terminal))
        return ExitCode.Done
      }),
    )
}

function lag({ terminal, run }: CommandContext): Command {
  return withServer(new Command('lag').description('show how far a group is behind the end of each partition'))
    .argument('<group>')
    .action((group: string, options: ClientOptions) =>
      run(async () => {
        await (await commands()).showLag(group, asking(options, terminal))
        return ExitCode.Done
      }),
    )
}

function reset({ terminal, run }: CommandContext): Command {
  return withServer(new Command('reset').description('move the positions of a group that has no members'))
    .argument('<group>')
    .requiredOption('--to <place>', 'earliest, latest, an offset, a time, or a number of records like -100')
    .option(
      '--topic <name>',
      'a topic; may be given several times (default: all that the group has positions of)',
      (value, before: string[]) => [...before, value],
      [],
    )
    .option('--dry-run', 'show what would be done, and do nothing')
    .action((group: string, options: ResetOptions) =>
      run(async () => {
        const { to, topic: topics, dryRun = false } = options
        await (await commands()).resetGroup(group, { to, topics, dryRun }, asking(options, terminal))
        return ExitCode.Done
      }),
    )
}

function remove({ terminal, run }: CommandContext): Command {
  return withServer(new Command('delete').description('delete a group that has no members, with its positions'))
    .argument('<group>')
    .action((group: string, options: ClientOptions) =>
      run(async () => {
        await (await commands()).deleteGroup(group, asking(options, terminal))
        return ExitCode.Done
      }),
    )
}

function exportPositions({ terminal, run }: CommandContext): Command {
  return withServer(new Command('export').description('print the committed positions of a group as JSON'))
    .argument('<group>')
    .action((group: string, options: ClientOptions) =>
      run(async () => {
        await (await commands()).exportGroup(group, asking(options, terminal))
        return ExitCode.Done
      }),
    )
}

function importPositions({ terminal, run }: CommandContext): Command {
  return withServer(new Command('import').description('set the positions of a group; reads what "export" prints'))
    .argument('<group>')
    .action((group: string, options: ClientOptions) =>
      run(async () => {
        await (await commands()).importGroup(group, asking(options, terminal))
        return ExitCode.Done
      }),
    )
}

function withServer(command: Command): Command {
  return command.addOption(serverOption()).addOption(jsonOption())
}

function asking(options: ClientOptions, terminal: CommandContext['terminal']) {
  return { json: options.json === true, admin: adminOf(options, terminal), terminal }
}
