import { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { jsonOption } from './shared-options.ts'

const commands = () => import('../access/profile-commands.ts')

/** `tailrace profile list|use|show`: brokers and credentials under a name, in a file of the caller. */
export function profileCommand(context: CommandContext): Command {
  return new Command('profile').addCommand(list(context)).addCommand(use(context)).addCommand(show(context))
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
