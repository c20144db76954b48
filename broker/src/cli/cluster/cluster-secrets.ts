import type { BrokerSettings } from '../../config/broker-settings.ts'
import { flagOf } from '../../config/setting-table.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { makeSecretFile } from '../../platform/node/secret-file.ts'
import { makeAdminToken } from '../../start/admin-token.ts'

export interface ClusterSecrets {
  /** For every broker. */
  readonly flags: readonly string[]
  /** A line for the person who starts the cluster, where commands need a credential. */
  readonly advice: string | null
}

type Settings = Pick<BrokerSettings, 'authentication' | 'adminTokenFile' | 'clusterKeyFile'>

/**
 * Makes the files with which a local cluster is closed to others, those that the settings do not name in its data
 * folder: the cluster key, and the admin token where clients are asked for credentials. Here, and not in the brokers,
 * which would all make the same file at once.
 */
export async function makeClusterSecrets(settings: Settings, data: string): Promise<ClusterSecrets> {
  const flags: string[] = []
  if (settings.clusterKeyFile === '') {
    const path = `${data}/cluster.key`
    await makeSecretFile(path, () => `${Buffer.from(nodeRandom.secret(32)).toString('base64')}\n`)
    flags.push(flagOf('clusterKeyFile'), path)
  }
  if (settings.authentication === 'off') return { flags, advice: null }
  const path = settings.adminTokenFile || `${data}/admin.token`
  await makeAdminToken(path)
  if (settings.adminTokenFile === '') flags.push(flagOf('adminTokenFile'), path)
  return { flags, advice: `authentication ${settings.authentication}  admin: tailrace … --token-file ${path}` }
}
