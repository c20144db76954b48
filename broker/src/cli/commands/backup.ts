import { Command } from 'commander'
import { bytes } from '../../config/setting-kinds.ts'
import type { BackupOptions } from '../backup/backup-commands.ts'
import { ExitCode, UsageError } from '../command-failure.ts'
import type { CommandContext } from './context.ts'
import { type ClientOptions, jsonOption, serverOption } from './shared-options.ts'

interface BackupFlags extends ClientOptions {
  readonly credentials?: true
  readonly name?: string
  readonly topic?: string[]
  readonly rate?: string
}
interface RestoreFlags extends BackupFlags {
  readonly from: string
  readonly rename?: string[]
  /** Of --rules and --no-rules. */
  readonly rules?: boolean
}

const commands = () => import('../backup/backup-commands.ts')
const rates = bytes(1, 1e15)
const every = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value]

/** `tailrace backup create|list|verify|restore`. */
export function backupCommand(context: CommandContext): Command {
  return new Command('backup')
    .addCommand(create(context))
    .addCommand(list(context))
    .addCommand(verify(context))
    .addCommand(restore(context))
}

function withChoice(command: Command): Command {
  return command
    .option('--topic <name>', 'this topic only; may be given several times (default: all)', every)
    .option('--name <name>', 'the name of the backup')
}

function create({ terminal, run }: CommandContext): Command {
  return withChoice(new Command('create'))
    .description(
      'copy all records that were acknowledged before; a folder with earlier backups of the cluster gets what is new',
    )
    .requiredOption('--to <folder>', 'where it is put; or s3://bucket/prefix')
    .option('--credentials', 'with users and tokens, as the cluster stores them; for super users')
    .option('--rate <bytes>', 'at most so many bytes a second, like 20MiB')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((flags: BackupFlags & { to: string }) =>
      run(async () => {
        const options = { ...optionsOf(flags.to, flags), withCredentials: flags.credentials === true }
        await (await commands()).create(options, flags, terminal)
        return ExitCode.Done
      }),
    )
}

function list({ terminal, run }: CommandContext): Command {
  return new Command('list')
    .description('list the backups in a folder')
    .argument('<folder>', 'a folder, or s3://bucket/prefix')
    .addOption(jsonOption())
    .action((folder: string, flags: ClientOptions) =>
      run(async () => {
        return (await commands()).list({ folder }, flags, terminal)
      }),
    )
}

function verify({ terminal, run }: CommandContext): Command {
  return withChoice(new Command('verify'))
    .description('read a backup, the last one by default, and check every byte of it')
    .argument('<folder>', 'a folder, or s3://bucket/prefix')
    .addOption(jsonOption())
    .action((folder: string, flags: BackupFlags) =>
      run(async () => {
        await (await commands()).verify(optionsOf(folder, flags), flags, terminal)
        return ExitCode.Done
      }),
    )
}

function restore({ terminal, run }: CommandContext): Command {
  return withChoice(new Command('restore'))
    .description('make topics of a backup, the last one by default, after every byte of it has been checked')
    .requiredOption('--from <folder>', 'where the backup is; or s3://bucket/prefix')
    .option('--rename <old=new>', 'restore the topic under another name; may be given several times', every)
    .option('--rules', 'with its rules (ACLs) and quotas (default: only without --topic and --rename)')
    .option('--no-rules', 'without them')
    .option('--credentials', 'with its users and tokens; those that exist stay as they are')
    .option('--rate <bytes>', 'at most so many bytes a second, like 20MiB')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((flags: RestoreFlags) =>
      run(async () => {
        const renames = renamesOf(flags.rename ?? [])
        const withCredentials = flags.credentials === true
        const options = { ...optionsOf(flags.from, flags), renames, rules: flags.rules, withCredentials }
        const { restore } = await import('../backup/restore-command.ts')
        await restore(options, flags, terminal)
        return ExitCode.Done
      }),
    )
}

/** @throws UsageError */
function optionsOf(folder: string, { name, topic = [], rate }: BackupFlags): BackupOptions {
  const bytesPerSecond = rate === undefined ? null : rates.read(rate)
  if (bytesPerSecond === undefined)
    throw new UsageError(`--rate is ${JSON.stringify(rate)}, but must be ${rates.valid}`)
  return { folder, name, topics: topic, bytesPerSecond }
}

/** @throws UsageError */
function renamesOf(texts: readonly string[]): Map<string, string> {
  const renames = new Map<string, string>()
  for (const text of texts) {
    const [, before, after] = /^([^=]+)=([^=]+)$/.exec(text) ?? []
    if (after === undefined) throw new UsageError(`--rename is ${JSON.stringify(text)}, but must have the form OLD=NEW`)
    if (renames.has(before!)) throw new UsageError(`--rename gives "${before}" two names`)
    renames.set(before!, after)
  }
  return renames
}
