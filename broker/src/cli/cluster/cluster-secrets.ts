import type { BrokerSettings } from '../../config/broker-settings.ts'
import { flagOf } from '../../config/setting-table.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { makeSecretFile } from '../../platform/node/secret-file.ts'
import { makeAdminToken } from '../../start/credentials/admin-token.ts'

export interface ClusterSecrets {
  /** For every broker. */
  readonly flags: readonly string[]
  /** For the person who starts the cluster: the file of the admin token, where commands need a credential. */
  readonly adminTokenFile: string | null
}

/** The files of a local cluster that settings name none for. */
export function secretFiles(data: string): { readonly clusterKeyFile: string; readonly adminTokenFile: string } {
  return { clusterKeyFile: `${data}/cluster.key`, adminTokenFile: `${data}/admin.token` }
}

/**
 * Makes the files with which a local cluster is closed to others, those that the settings do not name in its data
 * folder: the cluster key, and the admin token where clients are asked for credentials. Here, and not in the brokers,
 * which would all make the same file at once.
 */
export async function makeClusterSecrets(
  settings: Pick<BrokerSettings, 'authentication' | 'adminTokenFile' | 'clusterKeyFile'>,
  data: string,
): Promise<ClusterSecrets> {
  const { authentication, adminTokenFile, clusterKeyFile } = settings
  const own = secretFiles(data)
  const flags: string[] = []
  if (clusterKeyFile === own.clusterKeyFile) {
    await makeSecretFile(clusterKeyFile, () => `${Buffer.from(nodeRandom.secret(32)).toString('base64')}\n`)
    flags.push(flagOf('clusterKeyFile'), clusterKeyFile)
  }
  if (authentication === 'off') return { flags, adminTokenFile: null }
  await makeAdminToken(adminTokenFile)
  if (adminTokenFile === own.adminTokenFile) flags.push(flagOf('adminTokenFile'), adminTokenFile)
  return { flags, adminTokenFile }
}
