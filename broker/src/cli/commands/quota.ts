import { Command } from 'commander'
import type { EntityFlags, LimitFlags } from '../admin/quota-commands.ts'
import { ExitCode } from '../command-failure.ts'
import type { CommandContext } from './context.ts'
import type { ClientOptions } from './shared-options.ts'
import { askingOf, jsonOption, serverOption } from './shared-options.ts'

const commands = () => import('../admin/quota-commands.ts')

/** `tailrace quota set|list|remove`: how much clients may do. */
export function quotaCommand(context: CommandContext): Command {
  return new Command('quota').addCommand(set(context)).addCommand(list(context)).addCommand(remove(context))
}

function withEntity(command: Command): Command {
  return command
    .option('--principal <name>', "a user, or with its kind: User:alice, Cascade:101; '*' for each by itself")
    .option('--client-id <name>', "the name that a client gives itself; '*' for each by itself")
    .option('--address <address>', "the IP address of a client; '*' for each by itself")
}

function set({ terminal, run }: CommandContext): Command {
  return withEntity(new Command('set'))
    .description('set the limits of what the flags name, in the place of all that it had; each broker keeps to them')
    .option('--produce <bytes>', 'bytes published a second, like 5MiB')
    .option('--fetch <bytes>', 'bytes read a second, like 20MiB')
    .option('--requests <count>', 'requests a second')
    .option('--connections <count>', 'connections over HTTP and WebSocket at a time')
    .option('--subscriptions <count>', 'subscriptions at a time')
    .option('--topics-per-hour <count>', 'topics created an hour')
    .option('--partitions-per-hour <count>', 'partitions of topics created an hour')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: ClientOptions & EntityFlags & LimitFlags) =>
      run(async () => {
        const asking = askingOf(options, terminal)
        await (await commands()).setQuota(options, asking)
        return ExitCode.Done
      }),
    )
}

function list({ terminal, run }: CommandContext): Command {
  return new Command('list')
    .description('list all quotas')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: ClientOptions) =>
      run(async () => {
        const asking = askingOf(options, terminal)
        await (await commands()).listQuotas(asking)
        return ExitCode.Done
      }),
    )
}

function remove({ terminal, run }: CommandContext): Command {
  return withEntity(new Command('remove'))
    .description('remove the quota of exactly what the flags name')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: ClientOptions & EntityFlags) =>
      run(async () => {
        const asking = askingOf(options, terminal)
        await (await commands()).removeQuota(options, asking)
        return ExitCode.Done
      }),
    )
}
