import { TailraceError } from '@tailrace/schemas'
import type { BrokerSettings } from '../config/broker-settings.ts'
import { type ClusterKeys, parseClusterKeys } from '../doors/peer/cluster-key.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'

/** A file is read again this often: a file that was replaced counts soon, however the folder is mounted. */
const READ_AGAIN_MS = 2000

export interface ClusterKeyFile extends ClusterKeys {
  close(): void
}

export interface ClusterKeyDeps {
  readonly read: (path: string) => Promise<string>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The keys of the setting clusterKeyFile; null without it. When the file changes, new connections use what it has then;
 * while it cannot be used, they go on with the former keys.
 * @throws TailraceError INVALID_SETTING
 */
export async function openClusterKeys(
  { clusterKeyFile: path, clusterKey }: Pick<BrokerSettings, 'clusterKeyFile' | 'clusterKey'>,
  deps: ClusterKeyDeps,
): Promise<ClusterKeyFile | null> {
  const { clock, logger } = deps
  if (path === '') {
    logger.warn({}, 'there is no clusterKeyFile: any program that can reach the peer port is taken for a broker')
    return null
  }
  const required = clusterKey === 'required'
  if (!required) {
    logger.warn({}, 'clusterKey is optional: brokers that do not prove that they have the cluster key are taken too')
  }
  let { text, keys } = await readKeys(path, deps)
  let problem = ''
  let reading = false
  const readAgain = async (): Promise<void> => {
    if (reading) return
    reading = true
    try {
      const found = await readKeys(path, deps)
      if (found.text !== text) logger.info({ keys: found.keys.length }, 'the cluster key file has changed')
      text = found.text
      keys = found.keys
      problem = ''
    } catch (error) {
      const { message } = TailraceError.from(error)
      if (message !== problem) logger.error({ problem: message }, 'the former cluster keys stay in use')
      problem = message
    } finally {
      reading = false
    }
  }
  const timer = clock.every(READ_AGAIN_MS, () => void readAgain())
  return { required, current: () => keys, close: () => timer.cancel() }
}

async function readKeys(
  path: string,
  { read }: ClusterKeyDeps,
): Promise<{ text: string; keys: readonly Uint8Array[] }> {
  const text = await read(path).catch((error: Error) => {
    const detail = `The file of clusterKeyFile cannot be used: ${error.message}.`
    throw new TailraceError('INVALID_SETTING', detail, { cause: error })
  })
  return { text, keys: parseClusterKeys(text, path) }
}
