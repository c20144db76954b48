import { Argument, Command } from 'commander'
import type { CommandContext } from './context.ts'

const shells = ['bash', 'zsh', 'fish'] as const

/** `tailrace completion bash|zsh|fish`; with words, as its scripts call it at each Tab, the candidates for the last. */
export function completionCommand({ terminal, run }: CommandContext): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>', 'which one').choices([...shells]))
    .argument('[words...]', 'for the script: what is typed so far; prints what may stand in the place of the last word')
    .action((shell: (typeof shells)[number], words: readonly string[], _: object, command: Command) =>
      run(async () => {
        if (words.length === 0) {
          const { completionScripts } = await import('../completion/scripts.ts')
          await terminal.write(completionScripts[shell])
          return 0
        }
        const { candidatesFor } = await import('../completion/candidates.ts')
        for (const candidate of candidatesFor(command.parent!, words)) terminal.print(candidate)
        return 0
      }),
    )
}
