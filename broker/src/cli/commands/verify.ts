import { Command } from 'commander'
import { ExitCode } from '../command-failure.ts'
import { exitOfLook } from '../health/exit-of-look.ts'
import type { Terminal } from '../terminal.ts'
import type { CommandContext } from './context.ts'
import { jsonOption } from './shared-options.ts'

interface VerifyFlags {
  readonly json?: true
}

/** `tailrace verify`. */
export function verifyCommand({ terminal, run }: CommandContext): Command {
  return new Command('verify')
    .argument('<folder>', 'the data folder, such as data/broker-1; nothing in it is changed')
    .addOption(jsonOption())
    .action((folder: string, flags: VerifyFlags) => {
      const json = flags.json === true
      return run(() => exitOfLook(json, terminal, () => verify(folder.replace(/(?<=.)\/+$/, ''), json, terminal)))
    })
}

async function verify(folder: string, json: boolean, terminal: Terminal): Promise<number> {
  const [{ takeFolder, whileAtRest }, { verifyFolder }, { verifiedText }, progress, platform] = await Promise.all([
    import('../health/folder-at-rest.ts'),
    import('../health/verify-folder.ts'),
    import('../health/verify-text.ts'),
    import('../health/read-progress.ts'),
    machine(),
  ])
  const { disk, crc32c, clock, openRocksReader } = platform
  await takeFolder(folder, platform)
  const drawn = await progress.readProgress(() => progress.bytesOfSegments(disk, folder), clock, terminal)
  try {
    const found = await whileAtRest(folder, platform, () =>
      verifyFolder({ disk, crc32c, folder, openState: openRocksReader, onRead: drawn.onRead }),
    )
    drawn.end()
    terminal.print(json ? JSON.stringify(found) : verifiedText(found, terminal.width))
    return found.sound ? ExitCode.Done : ExitCode.Failed
  } finally {
    drawn.end()
  }
}

async function machine() {
  const [{ readOnlyDisk }, { nodeCrc32c }, { nodeClock }, { lockHolder }, stamps, { openRocksReader }] =
    await Promise.all([
      import('../../platform/node/read-only-disk.ts'),
      import('../../platform/node/checksum.ts'),
      import('../../platform/node/clock.ts'),
      import('../../platform/node/lock-holder.ts'),
      import('../../platform/node/file-stamps.ts'),
      import('../../log/store/rocks-store.ts'),
    ])
  const { fileStamps: stampsOf } = stamps
  return { disk: readOnlyDisk, crc32c: nodeCrc32c, clock: nodeClock, lockHolder, stampsOf, openRocksReader }
}
