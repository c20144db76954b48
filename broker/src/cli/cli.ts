import { CommanderError } from 'commander'
import { packageVersion } from '../start/version.ts'
import { ExitCode, exitCodeOf, explain } from './command-failure.ts'
import { processTerminal } from './process-terminal.ts'
import { buildProgram } from './program.ts'
import type { Terminal } from './terminal.ts'

/** Runs the command line of this process; resolves to its exit code. */
export function main(args: readonly string[]): Promise<number> {
  return runCommandLine(args, processTerminal())
}

/** Runs one command: 0 done, 1 failed, 2 called wrongly, 130 interrupted before the end. Never rejects. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = ExitCode.Done
  const run = async (work: () => Promise<number>) => {
    exitCode = await work()
  }
  try {
    const program = await buildProgram({ terminal, run }, packageVersion(), args)
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has printed its own message; help and version come here too, with exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Done : ExitCode.Usage
    if (terminal.interrupted.aborted) return ExitCode.Interrupted
    const { paintFor } = await import('./colours.ts')
    terminal.complain(explain(error, args.includes('--json'), paintFor(terminal, terminal.watched)))
    return exitCodeOf(error)
  }
}
