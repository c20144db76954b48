import { Command } from 'commander'
import type { ConnectionFlags } from '../access/connection.ts'
import { UsageError } from '../command-failure.ts'
import { httpServers } from '../servers.ts'
import type { CommandContext } from './context.ts'
import { jsonOption, serverOption } from './shared-options.ts'

const commands = () => import('../access/profile-commands.ts')

/** `tailrace profile add|list|use|show|remove`: brokers and credentials under a name, in a file of the caller. */
export function profileCommand(context: CommandContext): Command {
  return new Command('profile')
    .addCommand(add(context))
    .addCommand(list(context))
    .addCommand(use(context))
    .addCommand(show(context))
    .addCommand(remove(context))
}

type AddFlags = Omit<ConnectionFlags, 'profile'> & { readonly use?: true; readonly json?: true }

function add({ terminal, run }: CommandContext): Command {
  return new Command('add')
    .description('write a profile of these brokers, user, files of secrets and TLS; secrets stay in their files')
    .argument('<name>')
    .option('--use', 'make it the current one, as the first one is in any case')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((name: string, { use: isUsed, json, server, ...rest }: AddFlags) =>
      run(async () => {
        if (server === undefined) throw new UsageError('name the brokers of the profile with --server')
        const servers = httpServers(server, {})
        const added = { profile: { servers, ...rest }, isCurrent: isUsed === true }
        await (await commands()).addProfile(name, added, json === true, terminal)
        return 0
      }),
    )
}

function remove({ terminal, run }: CommandContext): Command {
  return new Command('remove')
    .description('take a profile out of the file; the files of its secrets stay')
    .argument('<name>')
    .addOption(jsonOption())
    .action((name: string, options: { readonly json?: true }) =>
      run(async () => {
        await (await commands()).removeProfile(name, options.json === true, terminal)
        return 0
      }),
    )
}

function list({ terminal, run }: CommandContext): Command {
  return new Command('list')
    .description('list profiles; the current one, which commands use that name none, has a *')
    .addOption(jsonOption())
    .action((options: { readonly json?: true }) =>
      run(async () => {
        await (await commands()).listProfiles(options.json === true, terminal)
        return 0
      }),
    )
}

function use({ terminal, run }: CommandContext): Command {
  return new Command('use')
    .description('make a profile the current one')
    .argument('<name>')
    .addOption(jsonOption())
    .action((name: string, options: { readonly json?: true }) =>
      run(async () => {
        await (await commands()).useProfile(name, options.json === true, terminal)
        return 0
      }),
    )
}

function show({ terminal, run }: CommandContext): Command {
  return new Command('show')
    .description('show a profile, the current one by default, without its secrets')
    .argument('[name]')
    .addOption(jsonOption())
    .action((name: string | undefined, options: { readonly json?: true }) =>
      run(async () => {
        await (await commands()).showProfile(name, options.json === true, terminal)
        return 0
      }),
    )
}
