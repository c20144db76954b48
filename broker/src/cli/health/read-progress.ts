import type { Clock } from '../../platform/clock.ts'
import type { Disk } from '../../platform/disk.ts'
import { drawnLine } from '../drawn-line.ts'
import { sizeText } from '../quantity.ts'
import type { Terminal } from '../terminal.ts'

export interface ReadProgress {
  readonly onRead: (bytes: number) => void
  end(): void
}

/** Draws how much has been read of `bytes()`, which is asked for only where a person watches. */
export async function readProgress(
  bytes: () => Promise<number>,
  clock: Clock,
  terminal: Terminal,
): Promise<ReadProgress> {
  const total = terminal.watched ? await bytes() : 0
  let read = 0
  const text = (): string => {
    const share = total === 0 ? 100 : Math.min(100, Math.floor((read / total) * 100))
    return `${share} %  ${sizeText(read)} of ${sizeText(total)}`
  }
  const line = drawnLine(terminal, clock, text)
  return {
    onRead: (bytes) => {
      read += bytes
      // Ctrl-C ends the work at the next batch.
      terminal.interrupted.throwIfAborted()
    },
    end: () => line.end(),
  }
}

/** The bytes of the segments in a data folder: nearly all that there is to read. */
export async function bytesOfSegments(disk: Disk, folder: string): Promise<number> {
  let bytes = 0
  for (const group of await disk.list(`${folder}/log/groups`)) {
    for (const name of await disk.list(`${folder}/log/groups/${group}`)) {
      if (name.endsWith('.log')) bytes += (await disk.size(`${folder}/log/groups/${group}/${name}`)) ?? 0
    }
  }
  return bytes
}
