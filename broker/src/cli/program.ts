import { Command } from 'commander'
import { aclCommand } from './commands/acl.ts'
import { auditCommand } from './commands/audit.ts'
import { backupCommand } from './commands/backup.ts'
import { brokerCommand } from './commands/broker.ts'
import { cascadeCommand } from './commands/cascade.ts'
import { certsCommand } from './commands/certs.ts'
import { clusterCommand } from './commands/cluster.ts'
import { completionCommand } from './commands/completion.ts'
import { addConnectionOptions } from './commands/connection-options.ts'
import type { CommandContext } from './commands/context.ts'
import { doctorCommand } from './commands/doctor.ts'
import { logCommand } from './commands/log.ts'
import { partitionCommand } from './commands/partition.ts'
import { profileCommand } from './commands/profile.ts'
import { publishCommand } from './commands/publish.ts'
import { quotaCommand } from './commands/quota.ts'
import { tailCommand } from './commands/tail.ts'
import { tokenCommand } from './commands/token.ts'
import { topCommand } from './commands/top.ts'
import { topicCommand } from './commands/topic.ts'
import { userCommand } from './commands/user.ts'
import { verifyCommand } from './commands/verify.ts'

/** The whole command line. The code of a command is imported when it is called, so that each starts fast. */
export function buildProgram(context: CommandContext, version: string): Command {
  const program = new Command('tailrace')
    .description('Tailrace: a Raft-replicated, partitioned, append-only message log')
    .version(version)
    // A command's options are its own, also where a command above it has one of the same name.
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for the options)')
    .addCommand(clusterCommand(context))
    .addCommand(brokerCommand(context))
    .addCommand(cascadeCommand(context))
    .addCommand(topicCommand(context))
    .addCommand(partitionCommand(context))
    .addCommand(publishCommand(context))
    .addCommand(tailCommand(context))
    .addCommand(aclCommand(context))
    .addCommand(userCommand(context))
    .addCommand(tokenCommand(context))
    .addCommand(quotaCommand(context))
    .addCommand(auditCommand(context))
    .addCommand(backupCommand(context))
    .addCommand(certsCommand(context))
    .addCommand(profileCommand(context))
    .addCommand(doctorCommand(context))
    .addCommand(topCommand(context))
    .addCommand(verifyCommand(context))
    .addCommand(logCommand(context))
    .addCommand(completionCommand(context))
  for (const command of withSubcommands(program)) {
    if (command.options.some(({ long }) => long === '--server')) addConnectionOptions(command)
    command.exitOverride().configureOutput({
      writeOut: (text) => context.terminal.print(text.trimEnd()),
      writeErr: (text) => context.terminal.complain(text.trimEnd()),
    })
  }
  return program
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap((child) => withSubcommands(child as Command))]
}
