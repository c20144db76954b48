import { TailraceError } from '@tailrace/schemas'
import { Command } from 'commander'
import { ExitCode, explain } from '../command-failure.ts'
import type { Terminal } from '../terminal.ts'
import type { CommandContext } from './context.ts'
import { jsonOption } from './shared-options.ts'

interface VerifyFlags {
  readonly json?: true
}

/** `tailrace verify`. */
export function verifyCommand({ terminal, run }: CommandContext): Command {
  return new Command('verify')
    .description(
      'read everything in the data folder of a broker that does not run, every checksum; exit code 0: sound, 1: damaged, 2: not looked at',
    )
    .argument('<folder>', 'the data folder, such as data/broker-1; nothing in it is changed')
    .addOption(jsonOption())
    .action((folder: string, flags: VerifyFlags) =>
      run(async () => {
        try {
          return await verify(folder.replace(/(?<=.)\/+$/, ''), flags.json === true, terminal)
        } catch (error) {
          // A newer version of Tailrace has to look: the folder is neither sound nor damaged.
          if (!(error instanceof TailraceError && error.code === 'NEWER_FORMAT')) throw error
          terminal.complain(explain(error, flags.json === true))
          return ExitCode.Usage
        }
      }),
    )
}

async function verify(folder: string, json: boolean, terminal: Terminal): Promise<number> {
  const [{ takeFolder }, { verifyFolder }, { verifiedText }, progress, platform] = await Promise.all([
    import('../health/folder-at-rest.ts'),
    import('../health/verify-folder.ts'),
    import('../health/verify-text.ts'),
    import('../health/read-progress.ts'),
    machine(),
  ])
  const { disk, crc32c, clock, lockHolder, openRocksReader } = platform
  await takeFolder(folder, { disk, lockHolder })
  const drawn = progress.readProgress(await progress.bytesOfSegments(disk, folder), clock, terminal)
  try {
    const found = await verifyFolder({ disk, crc32c, folder, openState: openRocksReader, onRead: drawn.onRead })
    drawn.end()
    terminal.print(json ? JSON.stringify(found) : verifiedText(found))
    return found.sound ? ExitCode.Done : ExitCode.Failed
  } finally {
    drawn.end()
  }
}

async function machine() {
  const [{ readOnlyDisk }, { nodeCrc32c }, { nodeClock }, { lockHolder }, { openRocksReader }] = await Promise.all([
    import('../../platform/node/read-only-disk.ts'),
    import('../../platform/node/checksum.ts'),
    import('../../platform/node/clock.ts'),
    import('../../platform/node/lock-holder.ts'),
    import('../../log/store/rocks-store.ts'),
  ])
  return { disk: readOnlyDisk, crc32c: nodeCrc32c, clock: nodeClock, lockHolder, openRocksReader }
}
