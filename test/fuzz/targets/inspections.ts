import { crc32c } from '@tailrace/schemas'
import { dumpFile } from '../../../broker/src/log/inspect/dump-file.ts'
import { isDamage } from '../../../broker/src/log/inspect/dumped-item.ts'
import type { Finding } from '../../../broker/src/log/inspect/finding.ts'
import { inspectLog } from '../../../broker/src/log/inspect/inspect-log.ts'
import { open } from '../../../broker/src/log/testing/small-log.ts'
import type { MemoryDisk } from '../../../broker/src/platform/memory/disk.ts'
import { type FuzzTarget, refusedAs, type Verdict } from '../target.ts'
import { checkpointContents, closed, early, journalRecords, pathsOf, readLog } from './data-folder.ts'
import { diskOf, type Files } from './stored-files.ts'

/** The findings of a look at the whole log, and nothing of it changes. */
async function findingsOf(disk: MemoryDisk): Promise<Finding[]> {
  const findings: Finding[] = []
  disk.onOperation = (operation, path) => {
    if (['write', 'truncate', 'rename', 'remove'].includes(operation)) throw new Error(`${operation} of ${path}`)
  }
  const report = (finding: Finding) => void findings.push(finding)
  await inspectLog({ disk, crc32c, folder: 'log', hadLog: true, report, onRead: () => {} })
  disk.onOperation = null
  return findings
}

/** Prints the file; says whether some of it is damage, and of how many bytes its entries tell. */
async function dump(disk: MemoryDisk, path: string): Promise<{ damaged: boolean; bytes: number }> {
  const found = { damaged: false, bytes: 0 }
  for await (const item of dumpFile(disk, path, crc32c)!) {
    found.damaged ||= isDamage(item)
    if (item.kind === 'entry') found.bytes += Number(item.fields.bytes)
  }
  return found
}

/** What a start makes of the log: null, or what is wrong with it. */
async function faultOfStart(disk: MemoryDisk): Promise<string | null> {
  const storage = await open(disk)
  if (storage.mayHaveForgotten) return 'groups may be forgotten'
  for (const id of [1, 2]) {
    const log = storage.group(id)
    if (log == null) return `group ${id} is gone`
    if (log.damage !== null) return `group ${id} has damage: ${log.damage.reason}`
    await readLog(log, () => {})
  }
  return null
}

/** A file that has changed: a log in which no damage is found is one that a broker opens and reads as a whole. */
function changed(name: string, { files }: { files: Files }, ending: RegExp): FuzzTarget {
  const [path] = pathsOf(files, ending)
  if (path === undefined) throw new Error(`no file for ${name}`)
  return {
    name,
    samples: [files.get(path)!],
    async run(input): Promise<Verdict> {
      const disk = await diskOf(files, path, input)
      let findings: Finding[]
      try {
        findings = await findingsOf(disk)
        const dumped = await dump(disk, path)
        if (path.endsWith('.log') && !dumped.damaged && dumped.bytes !== input.length)
          throw new Error(
            `${input.length - dumped.bytes} bytes of the segment are printed neither as entries nor as damage`,
          )
      } catch (error) {
        return refusedAs(error, ['NEWER_FORMAT'])
      }
      const damaged = findings.some(({ severity }) => severity === 'damage')
      const fault = damaged ? null : await faultOfStart(disk)
      if (fault !== null) throw new Error(`no damage was found, and after a start ${fault}`)
      return damaged ? 'refused' : 'taken'
    },
  }
}

/** The same behind checksums that are right, as only a wrong program writes it: the look and the print end. */
function wrong(target: FuzzTarget, { files }: { files: Files }, ending: RegExp): FuzzTarget {
  const [path] = pathsOf(files, ending)
  return {
    ...target,
    name: `inspected-${target.name}`,
    async run(input) {
      const disk = await diskOf(files, path!, input)
      try {
        const findings = await findingsOf(disk)
        await dump(disk, path!)
        return findings.some(({ severity }) => severity === 'damage') ? 'refused' : 'taken'
      } catch (error) {
        return refusedAs(error, ['NEWER_FORMAT'])
      }
    },
  }
}

export const inspectedFiles: readonly FuzzTarget[] = [
  changed('inspected-journal', early, /\.journal$/),
  changed('inspected-segment', closed, /\.log$/),
  changed('inspected-index', closed, /\.index$/),
  changed('inspected-checkpoint', closed, /checkpoint-[ab]$/),
  wrong(journalRecords, early, /\.journal$/),
  wrong(checkpointContents, closed, /checkpoint-a$/),
]
