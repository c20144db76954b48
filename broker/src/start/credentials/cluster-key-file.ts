import type { BrokerSettings } from '../../config/broker-settings.ts'
import { type ClusterKeys, parseClusterKeys } from '../../doors/peer/handshake/cluster-key.ts'
import { type FollowedFileDeps, followFile, type Reloaded } from './followed-file.ts'

export interface ClusterKeyFile extends ClusterKeys, Reloaded {
  close(): void
}

/**
 * The keys of the setting clusterKeyFile; null without it. When the file changes, new connections use what it has then;
 * while it cannot be used, they go on with the former keys.
 * @throws TailraceError INVALID_SETTING
 */
export async function openClusterKeys(
  { clusterKeyFile: path, clusterKey }: Pick<BrokerSettings, 'clusterKeyFile' | 'clusterKey'>,
  deps: FollowedFileDeps,
): Promise<ClusterKeyFile | null> {
  const { logger } = deps
  if (path === '') {
    logger.warn({}, 'there is no clusterKeyFile: any program that can reach the peer port is taken for a broker')
    return null
  }
  const required = clusterKey === 'required'
  if (!required) {
    logger.warn({}, 'clusterKey is optional: brokers that do not prove that they have the cluster key are taken too')
  }
  const parse = (text: string): readonly Uint8Array[] => parseClusterKeys(text, path)
  return { required, ...(await followFile('clusterKeyFile', path, 'the cluster key file', parse, deps)) }
}
