import { TailraceError } from '@tailrace/schemas/tailrace-error'
import { Command } from 'commander'
import { settingNames } from '../../config/setting-table.ts'
import { brokerAdministration } from './broker-administration.ts'
import type { CommandContext } from './context.ts'
import { configOption, givenBrokerFlags, jsonLogOption, readSettings, settingOptions } from './setting-options.ts'

const ofCascades: ReadonlySet<string> = new Set(['source', 'topics', 'memory', 'memoryBytes'])
const names = settingNames.filter((name) => !ofCascades.has(name) && !name.startsWith('sourceTls'))

/** `tailrace broker`: one broker in this process. */
export function brokerCommand(context: CommandContext): Command {
  const { terminal, run } = context
  const command = new Command('broker')
    // Those below have a --json of their own.
    .enablePositionalOptions()
    .addOption(configOption())
    .addOption(jsonLogOption())
  for (const option of settingOptions(names)) command.addOption(option)
  for (const child of brokerAdministration(context)) command.addCommand(child)
  return command.action((options: Record<string, unknown>) =>
    run(async () => {
      const settings = await readSettings(
        givenBrokerFlags(options, names),
        options.config as string | undefined,
        terminal,
      )
      if (settings.source.length > 0) {
        throw new TailraceError(
          'INVALID_SETTING',
          'source is a setting of "tailrace cascade"; a broker of level 0 has none.',
        )
      }
      const [{ startBroker }, { runBroker }, { supervisorOf }, { nodeClock }] = await Promise.all([
        import('../../start/broker.ts'),
        import('../broker-command.ts'),
        import('../supervision.ts'),
        import('../../platform/node/clock.ts'),
      ])
      const supervisor = supervisorOf(process)
      const code = await runBroker({
        settings,
        start: startBroker,
        supervisor,
        clock: nodeClock,
        terminal,
        exit: process.exit,
      })
      // The watch over the stop and the channel to a supervisor would keep the process.
      process.exit(code)
    }),
  )
}
