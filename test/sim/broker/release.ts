import type { BrokerId } from '@tailrace/schemas'
import { checkStoredLevel } from '../../../broker/src/cluster/formation/stored-level.ts'
import type { Command } from '../../../broker/src/cluster/metadata/commands/command.ts'
import { FENCES, type FeatureLevels } from '../../../broker/src/cluster/metadata/feature-levels.ts'
import type { MetadataState } from '../../../broker/src/cluster/metadata/metadata-state.ts'
import type { StateStore } from '../../../broker/src/log/log-storage.ts'
import { readDataFormat } from '../../../broker/src/log/recovery/data-format.ts'
import type { Disk } from '../../../broker/src/platform/disk.ts'
import { nodeCrc32c } from '../../../broker/src/platform/node/checksum.ts'
import type { BrokerDefects } from './defects.ts'
import { Finding } from './finding.ts'

/**
 * Which version of Tailrace a broker runs, in seeds that have two. The second writes two things that the first cannot
 * read.
 */
export type Release = 1 | 2

/** The command of the second release; it stands in for one that is really new. */
const NEWER_COMMAND = 'set-priority'
const NEWER_LEVEL = 2

/** In seeds with one release no level is raised, so that their histories stay as they were found. */
export const ONLY_LEVEL: FeatureLevels = { lowest: 1, highest: 1, commands: {} }

/** In seeds with fencing tokens, for which a new cluster is raised. */
export const WITH_FENCES: FeatureLevels = { lowest: 1, highest: FENCES, commands: {} }

export function levelsOf(release: Release, { newFormatAtOnce, levelOverstated }: BrokerDefects): FeatureLevels {
  const highest = release === 2 || levelOverstated ? NEWER_LEVEL : 1
  // The first release does not know the command at all: it refuses it at any level.
  const needed = release === 1 ? Number.POSITIVE_INFINITY : NEWER_LEVEL
  const commands: Record<string, number> = release === 2 && newFormatAtOnce ? {} : { [NEWER_COMMAND]: needed }
  return { lowest: 1, highest, commands }
}

/**
 * Before the log is opened, as broker/src/start/data-folder.ts does it. `levels`: null leaves the level to be checked
 * later.
 * @throws TailraceError NEWER_FORMAT, FEATURE_LEVEL_UNSUPPORTED
 */
export async function checkFolder(
  release: Release,
  levels: FeatureLevels | null,
  { disk, folder, store, broker }: { disk: Disk; folder: string; store: StateStore; broker: BrokerId },
): Promise<void> {
  if (release === 1) await readDataFormat(disk, folder, nodeCrc32c)
  if (levels !== null) await checkStoredLevel(store, broker, levels)
}

/** Before the second release writes a new format to its folder, which it does from the second level on. */
export async function markFolder(disk: Disk, folder: string): Promise<void> {
  const head = new TextEncoder().encode(`tailrace-data-${NEWER_LEVEL}`)
  const checksum = new TextEncoder().encode(` ${nodeCrc32c(head, 0, head.length)}\n`)
  const file = await disk.open(`${folder}/format`)
  await file.truncate(0)
  await file.write([head, checksum], 0)
  await file.sync()
  await disk.syncFolder(folder)
  await file.close()
}

/** Checks that every member can read the metadata log. */
export class ReleaseWatch {
  readonly #releases = new Map<string, Release>()
  /** How often the level was raised, the newer command written, and a start refused. */
  raised = 0
  written = 0
  refusals = 0

  /** `incarnation`: as the broker will register it. */
  began(incarnation: string, release: Release): void {
    this.#releases.set(incarnation, release)
  }

  /** `metadata`: with the command applied. @throws Finding */
  committed({ type }: Command, levelBefore: number, metadata: MetadataState): void {
    const { featureLevel } = metadata.head
    if (type === NEWER_COMMAND) {
      this.written++
      if (featureLevel < NEWER_LEVEL) throw unreadable(`"${type}" is written at level ${featureLevel}`)
    }
    if (featureLevel === levelBefore) return
    this.raised++
    for (const [id, { incarnation }] of metadata.brokers) {
      if (this.#releases.get(incarnation)! < featureLevel)
        throw unreadable(`level ${featureLevel} begins, and broker ${id} runs release 1`)
    }
  }

  /**
   * A broker of the first release says that it can work. `level`: that of the cluster, as the broker itself knows it.
   * @throws Finding
   */
  isReady(broker: BrokerId, release: Release, level: number): void {
    if (release < level) throw unreadable(`broker ${broker} of release ${release} is ready at level ${level}`)
  }
}

function unreadable(detail: string): Finding {
  return new Finding('readable-by-all', detail)
}
