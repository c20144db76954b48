import { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { groupCommands, partitionKind } from './group-commands.ts'

/** `tailrace partition members|change|transfer|describe|force-members|snapshot|priority`. */
export function partitionCommand(context: CommandContext): Command {
  const command = new Command('partition')
  for (const child of groupCommands(partitionKind, context)) command.addCommand(child)
  return command
}
