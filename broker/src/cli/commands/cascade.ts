import { TailraceError } from '@tailrace/schemas/tailrace-error'
import { Command } from 'commander'
import type { SettingName } from '../../config/broker-settings.ts'
import { settingNames } from '../../config/setting-table.ts'
import { parseBroker } from '../admin/group-address.ts'
import type { CommandContext } from './context.ts'
import { configOption, givenBrokerFlags, jsonLogOption, readSettings, settingOptions } from './setting-options.ts'
import type { ClientOptions } from './shared-options.ts'
import { askingOf, jsonOption, serverOption } from './shared-options.ts'

/** Settings that a cascade broker does not use. */
const foreign: ReadonlySet<SettingName> = new Set<SettingName>([
  'peer',
  'join',
  'advertisedPeer',
  'electionTimeoutMs',
  'heartbeatMs',
  'maxAppendBytes',
  'maxInflightAppends',
  'maxInflightBytes',
  'maxUncommittedBytes',
  'peerTls',
  'peerTlsCertFile',
  'peerTlsKeyFile',
  'peerTlsCaFile',
  'peerTlsClientCertificates',
  'peerTlsNames',
])
const names = settingNames.filter((name) => !foreign.has(name))

/** `tailrace cascade`: one cascade broker in this process; `status`, `tree` and `assign` for operators. */
export function cascadeCommand(context: CommandContext): Command {
  const { terminal, run } = context
  const command = new Command('cascade')
    // Those below have a --json of their own, and `assign` a --source.
    .enablePositionalOptions()
    .addOption(configOption())
    .addOption(jsonLogOption())
    .addCommand(statusCommand(context))
    .addCommand(treeCommand(context))
    .addCommand(assignCommand(context))
  for (const option of settingOptions(names)) command.addOption(option)
  return command.action((options: Record<string, unknown>) =>
    run(async () => {
      const settings = await readSettings(
        givenBrokerFlags(options, names),
        options.config as string | undefined,
        terminal,
      )
      if (settings.source.length === 0) {
        const ways = '--source, TAILRACE_SOURCE, or source in the file of --config'
        throw new TailraceError('INVALID_SETTING', `source is missing: give the HTTP address of a broker with ${ways}.`)
      }
      const [{ startCascadeBroker }, { runBroker }, { supervisorOf }, { nodeClock }] = await Promise.all([
        import('../../start/cascade-broker.ts'),
        import('../broker-command.ts'),
        import('../supervision.ts'),
        import('../../platform/node/clock.ts'),
      ])
      const parts = { settings, start: startCascadeBroker, supervisor: supervisorOf(process), clock: nodeClock }
      const code = await runBroker({ ...parts, terminal, exit: process.exit })
      // The watch over the stop and the channel to a supervisor would keep the process.
      process.exit(code)
    }),
  )
}

function statusCommand({ terminal, run }: CommandContext): Command {
  return new Command('status')
    .alias('list')
    .description('show the cascade brokers of a cluster, which brokers they copy from, and how far they are behind')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: ClientOptions) =>
      run(async () => {
        const { cascadeStatus } = await import('../admin/cascade-commands.ts')
        await cascadeStatus(askingOf(options, terminal))
        return 0
      }),
    )
}

function treeCommand({ terminal, run }: CommandContext): Command {
  return new Command('tree')
    .description('show which brokers copy from which, from level 0 down')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: ClientOptions) =>
      run(async () => {
        const { cascadeTree } = await import('../admin/cascade-tree.ts')
        await cascadeTree(askingOf(options, terminal))
        return 0
      }),
    )
}

function assignCommand({ terminal, run }: CommandContext): Command {
  return new Command('assign')
    .description('choose the source of a cascade broker, or leave the choice to the cluster again')
    .argument('<broker>', 'its number')
    .requiredOption('--source <broker>', 'number of the broker to copy from, or "auto"')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((text: string, options: ClientOptions & { readonly source: string }) =>
      run(async () => {
        const example = 'tailrace cascade assign 201 --source 102'
        const broker = parseBroker('the broker', text, example)
        const source = options.source === 'auto' ? 0 : parseBroker('--source', options.source, example)
        const { assignSource } = await import('../admin/cascade-commands.ts')
        const asking = askingOf(options, terminal)
        await assignSource(broker, source, asking)
        return 0
      }),
    )
}
