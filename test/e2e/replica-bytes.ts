import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { forEachBatch, isControlAt } from '@tailrace/schemas'

/**
 * One digest for each group's batches of records, headers with offset and term included, as a stopped broker has them
 * in its segments: batches back to back, so that replicas with the same log have the same bytes wherever each began its
 * files. Control entries are left out: while brokers stop one after the other, those that are still up may elect once
 * more.
 */
export async function digestReplicas(dataFolder: string): Promise<Map<string, string>> {
  const groups = join(dataFolder, 'log', 'groups')
  const digests = new Map<string, string>()
  for (const group of (await readdir(groups)).sort()) {
    const hash = createHash('sha256')
    let bytes = 0
    for (const name of (await readdir(join(groups, group))).filter((file) => file.endsWith('.log')).sort()) {
      const segment = await readFile(join(groups, group, name))
      forEachBatch(segment, (start, end) => {
        if (isControlAt(segment, start)) return
        hash.update(segment.subarray(start, end))
        bytes += end - start
      })
    }
    // A folder is named <group>-<number of its creation here>; the second part differs from broker to broker.
    digests.set(group.split('-')[0]!, `${bytes} bytes of records, sha256 ${hash.digest('hex')}`)
  }
  return digests
}
