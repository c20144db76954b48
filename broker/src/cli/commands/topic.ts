import { Command, Option } from 'commander'
import { topicSettings } from '../../cluster/metadata/topic-settings.ts'
import type { SettingFlags } from '../admin/topic-settings.ts'
import { type Confirmed, confirm, yesOption } from '../confirmation.ts'
import { parseCount } from '../option-values.ts'
import { flagOf } from '../setting-flag.ts'
import type { CommandContext } from './context.ts'
import type { ClientOptions } from './shared-options.ts'
import { adminOf, jsonOption, serverOption } from './shared-options.ts'

interface CreateOptions extends ClientOptions, SettingOptions {
  readonly partitions: string
  readonly replicas?: string
  readonly ifNotExists?: true
}

const commands = () => import('../admin/topic-commands.ts')

const settings = () => import('../admin/topic-settings.ts')

/** `tailrace topic create|list|describe|alter|delete|delete-records`. */
export function topicCommand(context: CommandContext): Command {
  return new Command('topic')
    .addCommand(create(context))
    .addCommand(list(context))
    .addCommand(describe(context))
    .addCommand(alter(context))
    .addCommand(remove(context))
    .addCommand(deleteRecords(context))
}

function create({ terminal, run }: CommandContext): Command {
  return withSettings(new Command('create'))
    .description('create a topic')
    .argument('<name>')
    .option('-p, --partitions <count>', 'number of partitions', '1')
    .option('-r, --replicas <count>', 'brokers that hold each partition (default: 3, or all where there are fewer)')
    .option('--if-not-exists', 'exit code 0 also where the topic exists; it stays as it is')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((name: string, options: CreateOptions) =>
      run(async () => {
        const { createTopic } = await commands()
        const partitions = parseCount('--partitions', options.partitions, 1, 1_000_000)
        const replicas = options.replicas === undefined ? null : parseCount('--replicas', options.replicas, 1, 1000)
        const { settingChanges, parseTopicConfig } = await settings()
        const config = { ...parseTopicConfig(options.config, false), ...settingChanges(options, false) }
        await createTopic(
          name,
          { partitions, replicas, config, ifNotExists: options.ifNotExists === true, json: options.json === true },
          adminOf(options, terminal),
          terminal,
        )
        return 0
      }),
    )
}

function list({ terminal, run }: CommandContext): Command {
  return new Command('list')
    .description('list all topics')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: ClientOptions) =>
      run(async () => {
        await (await commands()).listTopics(options.json === true, adminOf(options, terminal), terminal)
        return 0
      }),
    )
}

function describe({ terminal, run }: CommandContext): Command {
  return new Command('describe')
    .description('show a topic and its partitions, with what they take on disks')
    .argument('<name>')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((name: string, options: ClientOptions) =>
      run(async () => {
        await (await commands()).describeTopic(name, options.json === true, adminOf(options, terminal), terminal)
        return 0
      }),
    )
}

function alter({ terminal, run }: CommandContext): Command {
  return withSettings(new Command('alter'))
    .description(
      'change a topic: add partitions, change settings; what is not named stays as it is, "default" puts a setting back',
    )
    .argument('<name>')
    .option('-p, --partitions <count>', 'how many it is to have; they cannot become fewer')
    .addOption(topicIdOption())
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((name: string, options: ClientOptions & SettingOptions & MeantTopic & { partitions?: string }) =>
      run(async () => {
        const { settingChanges, parseTopicConfig } = await settings()
        const changes = { ...parseTopicConfig(options.config, true), ...settingChanges(options, true) }
        const { partitions } = options
        const count = partitions === undefined ? null : parseCount('--partitions', partitions, 1, 1_000_000)
        const { alterTopic } = await commands()
        const wanted = { partitions: count, changes, json: options.json === true }
        await alterTopic(name, options.topicId, wanted, adminOf(options, terminal), terminal)
        return 0
      }),
    )
}

type SettingOptions = SettingFlags & { readonly config: string[] }

function withSettings(command: Command): Command {
  for (const setting of topicSettings) command.option(`${flagOf(setting)} <${values[setting.kind]}>`, setting.about)
  return command.option(
    '--config <name=value>',
    "a setting by one of these names or Kafka's, like retention.ms=7d; may be given several times",
    (value, before: string[]) => [...before, value],
    [],
  )
}

const values = { bytes: 'size', milliseconds: 'duration', count: 'number', boolean: 'true|false' }

interface MeantTopic {
  readonly topicId?: string
}

function topicIdOption(): Option {
  return new Option('--topic-id <id>', 'refuse if the name is that of another topic, created anew for instance')
}

function remove({ terminal, run }: CommandContext): Command {
  return new Command('delete')
    .description('delete a topic with all its records')
    .argument('<name>')
    .addOption(topicIdOption())
    .addOption(yesOption())
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((name: string, options: ClientOptions & MeantTopic & Confirmed) =>
      run(async () => {
        await confirm(`This deletes topic ${name} with all its records`, name, options, terminal)
        await (await commands()).deleteTopic(
          name,
          options.topicId,
          options.json === true,
          adminOf(options, terminal),
          terminal,
        )
        return 0
      }),
    )
}

interface DeleteRecordsOptions extends ClientOptions, MeantTopic, Confirmed {
  readonly partition: string
  readonly before: string
}

function deleteRecords({ terminal, run }: CommandContext): Command {
  return new Command('delete-records')
    .description('delete the records of a partition before an offset, permanently')
    .argument('<name>')
    .requiredOption('-p, --partition <number>', 'the partition')
    .requiredOption('--before <offset>', 'the first offset that stays, or latest: all records are deleted')
    .addOption(topicIdOption())
    .addOption(yesOption())
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((name: string, options: DeleteRecordsOptions) =>
      run(async () => {
        const { topicId, json = false } = options
        const partition = parseCount('--partition', options.partition, 0, 2 ** 31 - 1)
        const isAll = options.before === 'latest'
        const before = isAll ? -1 : parseCount('--before', options.before, 0, Number.MAX_SAFE_INTEGER)
        const { deleteRecords } = await import('../admin/delete-records.ts')
        const wanted = { topicId, partition, before, confirmed: options, json }
        await deleteRecords(name, wanted, adminOf(options, terminal), terminal)
        return 0
      }),
    )
}
