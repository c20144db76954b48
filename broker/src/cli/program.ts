import { Command } from 'commander'
import { type CommandEntry, commandTable } from './command-table.ts'
import { addConnectionOptions } from './commands/connection-options.ts'
import type { CommandContext } from './commands/context.ts'

/**
 * The command line for these arguments. Commands that they do not name are there with name and description only: each
 * module costs a millisecond at every start and at every Tab. `named`: the words of the arguments; more do no harm.
 */
export async function buildProgram(
  context: CommandContext,
  version: string,
  named: readonly string[],
): Promise<Command> {
  const program = new Command('tailrace')
    .description('Tailrace: a Raft-replicated, partitioned, append-only message log')
    .version(version)
    // A command's options are its own, also where a command above it has one of the same name.
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for the options)')
    .configureHelp({ subcommandTerm: termOf })
  // Any word may be the name, as behind "help" and "completion bash --".
  const words = new Set(named)
  for (const [name, entry] of Object.entries(commandTable)) {
    const command = words.has(name) ? (await entry.load())(context) : new Command(name)
    program.addCommand(command.description(entry.about))
  }
  for (const command of withSubcommands(program)) {
    if (command.options.some(({ long }) => long === '--server')) addConnectionOptions(command)
    command.configureHelp({ ...command.configureHelp(), minWidthToWrap: leastColumn })
    command.exitOverride().configureOutput({
      writeOut: (text) => context.terminal.print(text.trimEnd()),
      writeErr: (text) => context.terminal.complain(text.trimEnd()),
      getOutHelpWidth: () => helpWidth(context.terminal.width),
      getErrHelpWidth: () => helpWidth(context.terminal.columns),
    })
  }
  return program
}

/** Columns for what an option does, however wide the options are; with fewer no line is wrapped. */
const leastColumn = 20

/** Where no person watches, as wide as usual. */
function helpWidth(width: number): number {
  return Number.isFinite(width) ? width : 80
}

/** As commander would write it, if it knew the options of all commands. */
function termOf(command: Command): string {
  const entry: CommandEntry | undefined = commandTable[command.name()]
  return [command.name(), entry?.usage ?? '[command]'].filter((part) => part !== '').join(' ')
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap((child) => withSubcommands(child as Command))]
}
