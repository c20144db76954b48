import { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { withLooking } from './looking.ts'
import type { ClientOptions } from './shared-options.ts'
import { jsonOption, serverOption } from './shared-options.ts'

/** `tailrace doctor`. */
export function doctorCommand({ terminal, run }: CommandContext): Command {
  return new Command('doctor')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((flags: ClientOptions) =>
      run(async () => {
        const { doctor } = await import('../health/doctor.ts')
        return withLooking(flags, terminal, doctor)
      }),
    )
}
