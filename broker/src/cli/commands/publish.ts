import { Command, Option } from 'commander'
import { parseCount } from '../count-option.ts'
import type { PublishInput } from '../records/publish.ts'
import { httpServers, webSocketServers } from '../servers.ts'
import type { Terminal } from '../terminal.ts'
import type { CommandContext } from './context.ts'
import type { ClientOptions } from './shared-options.ts'
import { jsonOption, serverOption } from './shared-options.ts'

interface PublishFlags extends ClientOptions {
  readonly file?: string
  readonly format: 'json' | 'text'
  readonly keyField?: string
  readonly valueField?: string
  readonly partition?: string
  readonly compression: 'none' | 'gzip' | 'zstd'
}

/** `tailrace publish`. */
export function publishCommand({ terminal, run }: CommandContext): Command {
  return new Command('publish')
    .description('publish each line of a file or of standard input as a record')
    .argument('<topic>')
    .option('-f, --file <path>', 'file of lines; "-" and the default are standard input')
    .addOption(
      new Option('--format <format>', 'json: lines are checked to be JSON; text: lines are taken as they are')
        .choices(['json', 'text'])
        .default('json'),
    )
    .option('-k, --key-field <name>', "field of each line's object that is the key; it decides the partition")
    .option('--value-field <name>', "field of each line's object that is the value (default: the whole line)")
    .option('--partition <number>', 'send all to this partition')
    .addOption(
      new Option('--compression <codec>', 'compression of batches').choices(['none', 'gzip', 'zstd']).default('none'),
    )
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((topic: string, flags: PublishFlags) => run(() => publish(topic, flags, terminal)))
}

async function publish(topic: string, flags: PublishFlags, terminal: Terminal): Promise<number> {
  const [{ Producer }, { checkLineFormat, publishLines }, { nodeClock }] = await Promise.all([
    import('@tailrace/producer'),
    import('../records/publish.ts'),
    import('../../platform/node/clock.ts'),
  ])
  const options = {
    topic,
    format: flags.format,
    keyField: flags.keyField ?? null,
    valueField: flags.valueField ?? null,
    partition: flags.partition === undefined ? null : parseCount('--partition', flags.partition, 0, 1_000_000),
    json: flags.json === true,
  }
  checkLineFormat(options)
  const servers = webSocketServers(httpServers(flags.server, terminal.environment))
  const input = await openInput(flags.file, terminal)
  const producer = new Producer({ servers, compression: flags.compression })
  try {
    return await publishLines(input, options, producer, nodeClock, terminal)
  } finally {
    await producer.close()
  }
}

async function openInput(path: string | undefined, terminal: Terminal): Promise<PublishInput> {
  if (path === undefined || path === '-') return { chunks: terminal.input(), bytes: null }
  const { openInputFile } = await import('../../platform/node/input-file.ts')
  return openInputFile(path)
}
