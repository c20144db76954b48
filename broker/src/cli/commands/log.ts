import { Command } from 'commander'
import { UsageError } from '../command-failure.ts'
import { exitOfLook } from '../health/exit-of-look.ts'
import { parseCount } from '../option-values.ts'
import type { Terminal } from '../terminal.ts'
import type { CommandContext } from './context.ts'

interface DumpFlags {
  readonly from?: string
  readonly group?: string
  readonly limit?: string
  readonly records?: true
  readonly json?: true
}

const MOST = Number.MAX_SAFE_INTEGER

/** `tailrace log dump`. */
export function logCommand({ terminal, run }: CommandContext): Command {
  const dump = new Command('dump')
    .description(
      'print what stands in a journal, segment, index or checkpoint file, a line an entry; exit code 1: some of it is damaged',
    )
    .argument('<file>', 'such as data/broker-1/log/journal/00000001.journal; it is opened for reading only')
    .option('--from <offset>', 'leave out what ends before this offset')
    .option('--group <number>', 'of a journal or checkpoint: this group only; 0 is the metadata')
    .option('-n, --limit <number>', 'print at most so many lines of entries')
    .option('--records', 'also the records of each entry')
    .option('--json', 'a JSON object a line')
    .action((path: string, flags: DumpFlags) =>
      run(() => exitOfLook(flags.json === true, terminal, () => dumpPath(path, flags, terminal))),
    )
  return new Command('log').addCommand(dump)
}

async function dumpPath(path: string, flags: DumpFlags, terminal: Terminal): Promise<number> {
  const options = {
    from: flags.from === undefined ? null : parseCount('--from', flags.from, 0, MOST),
    group: flags.group === undefined ? null : parseCount('--group', flags.group, 0, MOST),
    limit: flags.limit === undefined ? MOST : parseCount('--limit', flags.limit, 1, MOST),
    records: flags.records === true,
    json: flags.json === true,
  }
  const [{ dumpFile }, { printItems }, { readOnlyDisk }, { nodeCrc32c }] = await Promise.all([
    import('../../log/inspect/dump-file.ts'),
    import('../health/dump-lines.ts'),
    import('../../platform/node/read-only-disk.ts'),
    import('../../platform/node/checksum.ts'),
  ])
  if ((await readOnlyDisk.size(path)) === null) throw new UsageError(`there is no file ${path}`)
  const items = dumpFile(readOnlyDisk, path.replaceAll('\\', '/'), nodeCrc32c)
  if (items === null) {
    throw new UsageError(
      `${path} is no file of a log: give a .journal, .log or .index file, a checkpoint or the file "durable"`,
    )
  }
  return printItems(items, options, terminal)
}
