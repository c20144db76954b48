import { Command } from 'commander'
import type { TokenFlags } from '../admin/token-commands.ts'
import type { CommandContext } from './context.ts'
import { withResources } from './resource-options.ts'
import type { ClientOptions } from './shared-options.ts'
import { askingOf, jsonOption, serverOption } from './shared-options.ts'

const commands = () => import('../admin/token-commands.ts')

/** `tailrace token create|list|revoke`: credentials of services. */
export function tokenCommand(context: CommandContext): Command {
  return new Command('token').addCommand(create(context)).addCommand(list(context)).addCommand(revoke(context))
}

function create({ terminal, run }: CommandContext): Command {
  return withResources(new Command('create'))
    .description('create a token and print its text, once')
    .requiredOption('--principal <name>', 'the user that it is for, or Cascade:NUMBER for a cascade broker')
    .requiredOption('--expires <duration>', 'how long it is valid, like 24h or 30d, or never')
    .option('--operations <list>', 'only these, like read,describe (default: all that the principal may do)')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: ClientOptions & TokenFlags) =>
      run(async () => {
        const asking = askingOf(options, terminal)
        await (await commands()).createToken(options, asking)
        return 0
      }),
    )
}

function list({ terminal, run }: CommandContext): Command {
  return new Command('list')
    .description('list tokens, without their texts')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: ClientOptions) =>
      run(async () => {
        const asking = askingOf(options, terminal)
        await (await commands()).listTokens(asking)
        return 0
      }),
    )
}

function revoke({ terminal, run }: CommandContext): Command {
  return new Command('revoke')
    .description('make a token invalid; connections with it end')
    .argument('<id>', 'as token list shows it')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((id: string, options: ClientOptions) =>
      run(async () => {
        const asking = askingOf(options, terminal)
        await (await commands()).revokeToken(id, asking)
        return 0
      }),
    )
}
