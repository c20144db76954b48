import { type LogLevel, logLevels } from '@tailrace/schemas/log-levels'
import { Argument, Command } from 'commander'
import { parseBroker } from '../admin/group-address.ts'
import type { Asking } from '../admin/group-commands.ts'
import type { CommandContext } from './context.ts'
import { withLooking } from './looking.ts'
import type { ClientOptions } from './shared-options.ts'
import { askingOf, jsonOption, serverOption, withServer } from './shared-options.ts'

const looks = () => import('../health/look-at-brokers.ts')

/** Commands of `tailrace broker` about the brokers of a cluster that runs. */
export function brokerAdministration(context: CommandContext): Command[] {
  return [list(context), describe(context), drain(context), undrain(context), remove(context), level(context)]
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

function drain(context: CommandContext): Command {
  const about = 'move the replicas and leaderships of a broker to others, and give it no new ones'
  return newCommand('drain', about, context, async (broker, asking) => {
    await (await import('../admin/upkeep-commands.ts')).setDraining(broker, true, asking)
  })
}

function undrain(context: CommandContext): Command {
  const about = 'let a broker that was to be emptied hold replicas again'
  return newCommand('undrain', about, context, async (broker, asking) => {
    await (await import('../admin/upkeep-commands.ts')).setDraining(broker, false, asking)
  })
}

function remove(context: CommandContext): Command {
  const about = 'take a broker out of the cluster permanently, as "tailrace cluster remove-broker" does'
  return newCommand('remove', about, context, async (broker, asking) => {
    await (await import('../admin/group-commands.ts')).removeBroker(broker, asking)
  })
}

/** A command about one broker that any broker carries out. */
function newCommand(
  name: string,
  about: string,
  { terminal, run }: CommandContext,
  work: (broker: number, asking: Asking) => Promise<void>,
): Command {
  return withServer(new Command(name).description(about).argument('<broker>', 'its number')).action(
    (text: string, flags: ClientOptions) =>
      run(async () => {
        await work(parseBroker('the broker', text, `tailrace broker ${name} 3`), askingOf(flags, terminal))
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
