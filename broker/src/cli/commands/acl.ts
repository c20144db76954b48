import { Command } from 'commander'
import type { AclFlags } from '../admin/acl-commands.ts'
import { ExitCode } from '../command-failure.ts'
import type { CommandContext } from './context.ts'
import { withResources } from './resource-options.ts'
import type { ClientOptions } from './shared-options.ts'
import { askingOf, jsonOption, serverOption } from './shared-options.ts'

type Flags = ClientOptions & AclFlags
type NamedFlags = Flags & { readonly principal: string }

const commands = () => import('../admin/acl-commands.ts')
const principalFlag = '--principal <name>'
const principals = "a user, or with its kind: User:alice, 'User:*' for everybody, Group:admins, Cascade:101"
const operations = 'with commas: all, read, write, create, delete, alter, describe, describe-configs, alter-configs, …'

/** `tailrace acl add|list|remove|test`: the rules of who may do what. */
export function aclCommand(context: CommandContext): Command {
  return new Command('acl')
    .addCommand(add(context))
    .addCommand(list(context))
    .addCommand(remove(context))
    .addCommand(test(context))
}

function add({ terminal, run }: CommandContext): Command {
  return withResources(new Command('add'))
    .description('add a rule for each operation on each resource; it allows, or with --deny forbids')
    .requiredOption(principalFlag, principals)
    .requiredOption('--operations <list>', operations)
    .option('--host <address>', "only for clients with this IP address (default: '*', all)")
    .option('--deny', 'forbid it; this comes before any rule that allows')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: NamedFlags) =>
      run(async () => {
        const asking = askingOf(options, terminal)
        await (await commands()).addAcls(options, asking)
        return ExitCode.Done
      }),
    )
}

function withFilter(command: Command): Command {
  return withResources(command)
    .option(principalFlag, principals)
    .option('--operations <list>', operations)
    .option('--host <address>', 'rules for this address')
    .option('--allow', 'rules that allow')
    .option('--deny', 'rules that forbid')
}

function list({ terminal, run }: CommandContext): Command {
  return withFilter(new Command('list'))
    .description('list rules; each flag narrows the list to rules that say exactly this')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: Flags) =>
      run(async () => {
        const asking = askingOf(options, terminal)
        await (await commands()).listAcls(options, asking)
        return ExitCode.Done
      }),
    )
}

function remove({ terminal, run }: CommandContext): Command {
  return withFilter(new Command('remove'))
    .description('remove the rules that "acl list" shows with the same flags, and show them')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: Flags) =>
      run(async () => {
        const asking = askingOf(options, terminal)
        await (await commands()).removeAcls(options, asking)
        return ExitCode.Done
      }),
    )
}

function test({ terminal, run }: CommandContext): Command {
  return withResources(new Command('test'))
    .description('say whether a principal may do something, and why; exit code 0: allowed, 1: denied')
    .requiredOption(principalFlag, principals)
    .requiredOption('--operations <operation>', 'one of them')
    .option('--member-of <groups>', 'groups of the principal, as its issuer says')
    .option('--host <address>', 'the IP address that it would come from')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: NamedFlags & { readonly memberOf?: string }) =>
      run(async () => {
        const asking = askingOf(options, terminal)
        return (await (await commands()).testAccess(options, asking)) ? ExitCode.Done : ExitCode.Failed
      }),
    )
}
