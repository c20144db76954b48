import { Command } from 'commander'
import { connectionOf, sdkOptions } from '../access/connection.ts'
import { ExitCode } from '../command-failure.ts'
import type { CommandContext } from '../commands/context.ts'
import type { ClientOptions } from '../commands/shared-options.ts'
import { askingOf, withServer } from '../commands/shared-options.ts'
import { parseCount } from '../option-values.ts'

interface ShowOptions extends ClientOptions {
  readonly count: string
}
interface ReplayOptions extends ClientOptions {
  readonly to?: string
}

const commands = () => import('./letter-commands.ts')

/** `tailrace dlq list|show|replay|drop`: records that no handler could handle. */
export function dlqCommand(context: CommandContext): Command {
  return new Command('dlq')
    .addCommand(list(context))
    .addCommand(show(context))
    .addCommand(replay(context))
    .addCommand(drop(context))
}

function list({ terminal, run }: CommandContext): Command {
  return withServer(new Command('list').description('list the topics of dead letters, and how many wait')).action(
    (options: ClientOptions) =>
      run(async () => {
        await (await commands()).listLetters(askingOf(options, terminal))
        return ExitCode.Done
      }),
  )
}

function show({ terminal, run }: CommandContext): Command {
  return withServer(new Command('show').description('print dead letters that wait: why, from where, how often tried'))
    .argument('<topic>')
    .option('-n, --count <number>', 'at most so many', '20')
    .action((topic: string, options: ShowOptions) =>
      run(async () => {
        const count = parseCount('--count', options.count, 1, Number.MAX_SAFE_INTEGER)
        const consumer = await consumerOf(options, terminal)
        try {
          await (await commands()).showLetters(topic, count, consumer, askingOf(options, terminal))
        } finally {
          await consumer.close()
        }
        return ExitCode.Done
      }),
    )
}

function replay({ terminal, run }: CommandContext): Command {
  return withServer(new Command('replay').description('publish dead letters again where they come from'))
    .argument('<topic>')
    .option('--to <topic>', 'publish them to this topic')
    .action((topic: string, options: ReplayOptions) =>
      run(async () => {
        const { Producer } = await import('@tailrace/producer')
        const consumer = await consumerOf(options, terminal)
        const producer = new Producer({ ...sdkOptions(await connectionOf(options, terminal)), lingerMs: 0 })
        try {
          const { replayLetters } = await commands()
          await replayLetters(topic, options.to ?? null, consumer, producer, askingOf(options, terminal))
        } finally {
          await consumer.close()
          await producer.close({ timeoutMs: CLOSE_MS })
        }
        return ExitCode.Done
      }),
    )
}

function drop({ terminal, run }: CommandContext): Command {
  return withServer(new Command('drop').description('count all dead letters of a topic as dealt with'))
    .argument('<topic>')
    .action((topic: string, options: ClientOptions) =>
      run(async () => {
        await (await commands()).dropLetters(topic, askingOf(options, terminal))
        return ExitCode.Done
      }),
    )
}

/** Only after an error: else everything has been sent. */
const CLOSE_MS = 1_000

async function consumerOf(options: ClientOptions, terminal: CommandContext['terminal']) {
  const { Consumer } = await import('@tailrace/consumer')
  return new Consumer(sdkOptions(await connectionOf(options, terminal)))
}
