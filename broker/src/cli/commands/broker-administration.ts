import { type LogLevel, logLevels } from '@tailrace/schemas/log-levels'
import { Argument, Command } from 'commander'
import { parseBroker } from '../admin/group-address.ts'
import type { CommandContext } from './context.ts'
import { withLooking } from './looking.ts'
import type { ClientOptions } from './shared-options.ts'
import { jsonOption, serverOption } from './shared-options.ts'

const looks = () => import('../health/look-at-brokers.ts')

/** Commands of `tailrace broker` about the brokers of a cluster that runs. */
export function brokerAdministration(context: CommandContext): Command[] {
  return [list(context), describe(context), level(context)]
}

function list({ terminal, run }: CommandContext): Command {
  return new Command('list')
    .description('show the brokers of a cluster with their leaders, replicas, size and free disk space')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((flags: ClientOptions) =>
      run(async () => {
        const { listBrokers } = await looks()
        await withLooking(flags, terminal, listBrokers)
        return 0
      }),
    )
}

function describe({ terminal, run }: CommandContext): Command {
  return new Command('describe')
    .description('show which partitions a broker holds and which of them it leads')
    .argument('<broker>', 'its number')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((text: string, flags: ClientOptions) =>
      run(async () => {
        const broker = parseBroker('the broker', text, 'tailrace broker describe 3')
        const { describeBroker } = await looks()
        await withLooking(flags, terminal, (looking) => describeBroker(broker, looking))
        return 0
      }),
    )
}

function level({ terminal, run }: CommandContext): Command {
  return new Command('log-level')
    .description('change how much a broker writes to its log, until its next start; without a level, show it')
    .argument('<broker>', 'its number')
    .addArgument(new Argument('[level]', 'from most to nothing').choices([...logLevels]))
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((text: string, wanted: LogLevel | undefined, flags: ClientOptions) =>
      run(async () => {
        const broker = parseBroker('the broker', text, 'tailrace broker log-level 3 debug')
        const { logLevel } = await import('../health/log-level.ts')
        await withLooking(flags, terminal, (looking) => logLevel(broker, wanted, looking))
        return 0
      }),
    )
}
