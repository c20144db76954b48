import { Command } from 'commander'
import type { CommandContext } from './context.ts'
import type { ClientOptions } from './shared-options.ts'
import { askingOf, jsonOption, serverOption } from './shared-options.ts'

const commands = () => import('../admin/user-commands.ts')

/** `tailrace user set|list|delete`: users with passwords, which the cluster keeps. */
export function userCommand(context: CommandContext): Command {
  return new Command('user').addCommand(set(context)).addCommand(list(context)).addCommand(remove(context))
}

function set({ terminal, run }: CommandContext): Command {
  return new Command('set')
    .description('create a user, or give one another password; asks for it, or takes a line of standard input')
    .argument('<name>')
    .option('--new-password-file <file>', 'take the password out of this file, which only its owner may read')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((name: string, options: ClientOptions & { readonly newPasswordFile?: string }) =>
      run(async () => {
        const { newPassword } = await import('../admin/password-source.ts')
        const password = await newPassword(options.newPasswordFile, terminal)
        const asking = askingOf(options, terminal)
        await (await commands()).setUser(name, password, asking)
        return 0
      }),
    )
}

function list({ terminal, run }: CommandContext): Command {
  return new Command('list')
    .description('list the users that the cluster keeps')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: ClientOptions) =>
      run(async () => {
        await (await commands()).listUsers(askingOf(options, terminal))
        return 0
      }),
    )
}

function remove({ terminal, run }: CommandContext): Command {
  return new Command('delete')
    .description('delete a user; its connections end')
    .argument('<name>')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((name: string, options: ClientOptions) =>
      run(async () => {
        const asking = askingOf(options, terminal)
        await (await commands()).deleteUser(name, asking)
        return 0
      }),
    )
}
