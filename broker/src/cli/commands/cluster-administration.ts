import { Command, Option } from 'commander'
import { parseBroker } from '../admin/group-address.ts'
import { parseCount } from '../option-values.ts'
import type { CommandContext } from './context.ts'
import { groupCommands, metadataKind } from './group-commands.ts'
import type { ClientOptions } from './shared-options.ts'
import { askingOf, jsonOption, serverOption } from './shared-options.ts'

const asks = () => import('../admin/group-commands.ts')

/**
 * Commands of `tailrace cluster` beside start and status: the metadata group's members, brokers to take out, how evenly
 * replicas are spread, the audit.
 */
export function clusterAdministration(context: CommandContext): Command[] {
  const others = [removeBroker(context), balance(context), featureLevel(context), audit(context)]
  return [...groupCommands(metadataKind, context), ...others]
}

function removeBroker({ terminal, run }: CommandContext): Command {
  return new Command('remove-broker')
    .description('take a broker out of the cluster permanently; it must hold no replica and no vote')
    .argument('<broker>', 'its number')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((text: string, flags: ClientOptions) =>
      run(async () => {
        const broker = parseBroker('the broker', text, 'tailrace cluster remove-broker 3')
        const asking = askingOf(flags, terminal)
        await (await asks()).removeBroker(broker, asking)
        return 0
      }),
    )
}

function balance({ terminal, run }: CommandContext): Command {
  return new Command('balance')
    .description('spread replicas and leaderships evenly over racks and brokers; it goes on by itself until it is done')
    .addOption(new Option('--dry-run', 'only show the moves and what each gains').conflicts('stop'))
    .option('--stop', 'call it off; moves that have begun end')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((flags: ClientOptions & { dryRun?: true; stop?: true }) =>
      run(async () => {
        const { setBalancing, showBalance } = await import('../admin/upkeep-commands.ts')
        const asking = askingOf(flags, terminal)
        await (flags.dryRun === true ? showBalance(asking) : setBalancing(flags.stop !== true, asking))
        return 0
      }),
    )
}

function featureLevel({ terminal, run }: CommandContext): Command {
  return new Command('feature-level')
    .description(
      'show the feature level of the cluster and those that its brokers support; --raise raises it permanently',
    )
    .option('--raise [level]', 'to this level; without a number, to the highest that all brokers support')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((flags: ClientOptions & { raise?: string | true }) =>
      run(async () => {
        const { raise } = flags
        const level =
          raise === undefined ? undefined : raise === true ? null : parseCount('--raise', raise, 1, 1_000_000)
        const asking = askingOf(flags, terminal)
        await (await asks()).featureLevel(level, asking)
        return 0
      }),
    )
}

function audit({ terminal, run }: CommandContext): Command {
  return new Command('audit')
    .description('show what operators did that cannot be undone, newest first')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((flags: ClientOptions) =>
      run(async () => {
        await (await asks()).showAudit(askingOf(flags, terminal))
        return 0
      }),
    )
}
